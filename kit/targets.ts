import { z } from 'zod';

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

/** The systems that Andon watches, breaks and heals, as they stand under `targets:` in andon.yaml. */
export const targetSchema = z.discriminatedUnion('kind', [
  /** A manufacturing execution system: its HTTP API, and the name of the target that is its database. */
  z.strictObject({ kind: z.literal('mes'), url: httpUrl, database: z.string(), ...common }),
  z.strictObject({
    kind: z.literal('postgres'),
    /** As the monitored systems reach it. */
    url: url(['postgres:', 'postgresql:']),
    /** As an administrator reaches it: drills and runbooks use this one. `url` when it is left out. */
    admin_url: url(['postgres:', 'postgresql:']).optional(),
    /** Application names that no runbook ever terminates (exact, or a prefix that ends with *). */
    protect: z.array(z.string()).default([]),
    ...common,
  }),
  /** MySQL, or MariaDB. */
  z.strictObject({
    kind: z.literal('mysql'),
    url: url(['mysql:', 'mariadb:']),
    admin_url: url(['mysql:', 'mariadb:']).optional(),
    protect: z.array(z.string()).default([]),
    ...common,
  }),
  z.strictObject({
    kind: z.literal('rabbitmq'),
    url: url(['amqp:', 'amqps:']),
    management: httpUrl,
    /** Its Prometheus endpoint (plugin rabbitmq_prometheus): the exporter reads queues there instead, which costs the broker less. */
    prometheus: httpUrl.optional(),
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
  /** One link through Andon's TCP proxy: the control address of the proxy and the link's name there. */
  z.strictObject({ kind: z.literal('link'), control: httpUrl, link: z.string(), ...common }),
]);

export type Target = z.infer<typeof targetSchema>;
export type TargetKind = Target['kind'];
export type TargetOf<K extends TargetKind> = Extract<Target, { kind: K }>;
export const targetsSchema = z.record(z.string(), targetSchema);
export type Targets = z.infer<typeof targetsSchema>;
