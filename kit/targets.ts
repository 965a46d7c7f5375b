import { z } from 'zod';
import { logFiles } from './log-files.ts';

const common = {
  /** Drills may break this. Nothing is broken that does not say so. */
  drillable: z.boolean().default(false),
  /** Real production: needs an open drill window and `--yes-production NAME` too. */
  production: z.boolean().default(false),
};

const url = (protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    message: `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  });

const httpUrl = url(['http:', 'https:']);

/** What can stand in a header, as RFC 6750 has it. Never in a message: it is a secret. */
const bearerToken = z.string().regex(/^[\w.~+/-]+=*$/, 'may only have letters, digits and -._~+/=');

/** The systems that Andon watches, breaks and heals, as they stand under `targets:` in andon.yaml. */
export const targetSchema = z.discriminatedUnion('kind', [
  /** A manufacturing execution system: its HTTP API, and the name of the target that is its database. */
  z.strictObject({
    kind: z.literal('mes'),
    url: httpUrl,
    database: z.string(),
    /** What runbooks send as `Authorization: Bearer …`. */
    token: bearerToken.optional(),
    ...common,
  }),
  /** An HTTP API of a system: of an ERP, a WMS, a gateway, a third party. */
  z.strictObject({
    kind: z.literal('http'),
    url: httpUrl,
    /** What runbooks send as `Authorization: Bearer …`. */
    token: bearerToken.optional(),
    ...common,
  }),
  z.strictObject({
    kind: z.literal('postgres'),
    /** As the monitored systems reach it. */
    url: url(['postgres:', 'postgresql:']),
    /** As an administrator reaches it: drills and runbooks use this one. `url` when it is left out. */
    admin_url: url(['postgres:', 'postgresql:']).optional(),
    /** Application names that no runbook ever terminates (exact, or a prefix that ends with *). */
    protect: z.array(z.string()).default([]),
    /** The `process` or `container` target that runs this server: for drills that restart it. */
    server: z.string().optional(),
    ...common,
  }),
  /** MySQL, or MariaDB. */
  z.strictObject({
    kind: z.literal('mysql'),
    url: url(['mysql:', 'mariadb:']),
    admin_url: url(['mysql:', 'mariadb:']).optional(),
    protect: z.array(z.string()).default([]),
    /** The `process` or `container` target that runs this server: for drills that restart it. */
    server: z.string().optional(),
    ...common,
  }),
  z.strictObject({
    kind: z.literal('rabbitmq'),
    url: url(['amqp:', 'amqps:']),
    management: httpUrl,
    /** Its Prometheus endpoint (plugin rabbitmq_prometheus): the exporter reads queues there instead, which costs the broker less. */
    prometheus: httpUrl.optional(),
    /** The `process` or `container` target that runs this server: for drills that restart it. */
    server: z.string().optional(),
    ...common,
  }),
  z.strictObject({
    kind: z.literal('kafka'),
    /** `host:port` of some brokers of the cluster. */
    brokers: z.array(z.string().regex(/^[^\s:]+:\d+$/, 'must be host:port')).min(1),
    /** TLS with the certificate authorities of the system, or with those in a file (PEM). */
    tls: z.union([z.literal(true), z.strictObject({ ca_file: z.string() })]).optional(),
    sasl: z
      .strictObject({
        mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
        username: z.string(),
        password: z.string(),
      })
      .optional(),
    /** The consumer groups and topics that are reported (exact, or a prefix that ends with *). */
    groups: z.array(z.string()).default(['*']),
    topics: z.array(z.string()).default(['*']),
    ...common,
  }),
  /** One link through Andon's proxy: the control address of the proxy and the link's name there. */
  z.strictObject({
    kind: z.literal('link'),
    control: httpUrl,
    link: z.string(),
    /** As in the proxy's own file: what passes an `http` link is understood as requests and answers. */
    protocol: z.enum(['tcp', 'http']).default('tcp'),
    ...common,
  }),
  /** One proxy of a running Toxiproxy. */
  z.strictObject({ kind: z.literal('toxiproxy'), control: httpUrl, proxy: z.string(), ...common }),
  /** The traffic between this Linux host and an address, broken by its own nftables. */
  z.strictObject({
    kind: z.literal('address'),
    /** An IPv4 or IPv6 address, or a network such as 10.1.2.0/24. */
    peer: z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]),
    /** The peer's TCP port; all its traffic when left out. */
    port: z.int().min(1).max(65_535).optional(),
    /** The network namespace in which the rules are made; that of this process when left out. */
    namespace: z
      .string()
      .regex(/^[\w.-]+$/)
      .optional(),
    ...common,
  }),
  z.strictObject({
    kind: z.literal('container'),
    container: z.string(),
    /** The engine's socket. */
    socket: z.string().default('/var/run/docker.sock'),
    /** For network drills: this network is taken from it, and given back with these names. Without it the container is paused. */
    network: z.strictObject({ name: z.string(), aliases: z.array(z.string()).default([]) }).optional(),
    ...common,
  }),
  /** A process of this computer, found by the file with its id or by its systemd unit. */
  z
    .strictObject({
      kind: z.literal('process'),
      pid_file: z.string().optional(),
      unit: z.string().optional(),
      /** The command (no shell) that starts it again: needed with `pid_file`; `systemctl start UNIT` otherwise. */
      start: z.array(z.string()).min(1).optional(),
      ...common,
    })
    .refine(({ pid_file, unit }) => (pid_file === undefined) !== (unit === undefined), {
      message: 'needs exactly one of pid_file and unit',
    })
    .refine(({ pid_file, start }) => pid_file === undefined || start !== undefined, {
      message: 'needs `start`, the command that starts it again',
      path: ['start'],
    }),
  /** This computer. */
  z.strictObject({
    kind: z.literal('host'),
    /** A folder of the file system that drills may fill. */
    disk: z.string().optional(),
    /** Its old log files: runbooks may delete them when the disk is full, and drills may add some. */
    logs: logFiles.optional(),
    ...common,
  }),
  /** A device behind an edge gateway that can be made silent there: the gateway's address and the device's name. */
  z.strictObject({
    kind: z.literal('device'),
    control: httpUrl,
    device: z.string(),
    token: z.string().optional(),
    ...common,
  }),
  /** A system that is served by a router in several versions: the router's control address. */
  z.strictObject({ kind: z.literal('release'), control: httpUrl, token: z.string().optional(), ...common }),
]);

export type Target = z.infer<typeof targetSchema>;
export type TargetKind = Target['kind'];
export type TargetOf<K extends TargetKind> = Extract<Target, { kind: K }>;
export const targetsSchema = z.record(z.string(), targetSchema);
export type Targets = z.infer<typeof targetsSchema>;
