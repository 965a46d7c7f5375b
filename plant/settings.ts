import { z } from 'zod';

const ms = z.number().int().positive();
const count = z.number().int().positive();
const httpUrl = z.url({ protocol: /^http$/ });
const databaseUrl = z.url({ protocol: /^postgres(ql)?$/ });

/** The ways in which a plant can be built badly on purpose: the negative controls of drills. */
export const weaknesses = ['pool', 'outbox', 'retry', 'idempotency', 'signature'] as const;
export type Weakness = (typeof weaknesses)[number];

/** Who may do what: director, leader, maintainer and operator are people, system is another program. */
export const roles = ['director', 'leader', 'maintainer', 'operator', 'system'] as const;
export type Role = (typeof roles)[number];

const callerSchema = z.strictObject({ actor: z.string().min(1), role: z.enum(roles) });
/** Who calls: a name and a role. */
export type Caller = z.infer<typeof callerSchema>;

const lineSchema = z.strictObject({
  id: z.string().min(1),
  units: z.array(z.strictObject({ id: z.string().min(1), devices: z.array(z.string()) })).min(1),
});
/** A production line: its work units, and the devices of each. */
export type Line = z.infer<typeof lineSchema>;

/** A line of `units` work units with one PLC each: L1-U1 with L1-U1-PLC, and so on. */
export function standardLine(id: string, units = 6): Line {
  const names = Array.from({ length: units }, (_, index) => `${id}-U${index + 1}`);
  return { id, units: names.map((unit) => ({ id: unit, devices: [`${unit}-PLC`] })) };
}

const linesSchema = z.array(lineSchema).default([standardLine('L1'), standardLine('L2')]);

const common = {
  /** Where the process serves its HTTP; port 0 takes a free one, the ready line says which. */
  listen: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: z.number().int().min(0).max(65_535).default(0),
    })
    .prefault({}),
  log_level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  weaken: z.array(z.enum(weaknesses)).default([]),
};

const database = {
  database: databaseUrl,
  /** Waiting for a connection, be it a free one or a new one. */
  acquire_timeout_ms: ms.default(5000),
  /** Server-side limit of a statement and of its wait for a lock. */
  statement_timeout_ms: ms.default(30_000),
  /** Client-side limit, for a server that answers no more: a little longer than the server's own. */
  query_timeout_ms: ms.default(31_000),
};

const queue = {
  queue: z.url({ protocol: /^amqps?$/ }),
  amqp_heartbeat_seconds: count.default(10),
  /** The shortest and the longest pause before the next attempt to connect to the queue. */
  reconnect_min_ms: ms.default(1000),
  reconnect_max_ms: ms.default(5000),
  /** One attempt to connect, handshake included. */
  connect_timeout_ms: ms.default(5000),
};

const consumer = {
  /** Messages on their way at a time, and the most that one transaction takes. */
  prefetch: count.default(200),
  /** How long a transaction waits for company. */
  batch_delay_ms: ms.default(50),
  /** Attempts at a message that the database refuses, before it goes to the dead letters. */
  max_attempts: count.default(3),
  retry_delay_ms: ms.default(1000),
};

const requestTimeoutMs = ms.default(5000);
const mesAccess = z.strictObject({ url: httpUrl, token: z.string().min(1) });

/** The settings file of the MES. */
export const mesSettingsSchema = z.strictObject({
  ...common,
  ...database,
  ...queue,
  tokens: z.record(z.string().min(1), callerSchema),
  /** The lines that auto-dispatch serves, with their units and devices. */
  lines: linesSchema,
  /** Connections of the pool: all are opened at the start, and kept; 2 when weakened. */
  pool_max: count.default(20),
  /**
   * What a grown MES does inside the transaction of a report (rules, genealogy, labels): its connection is taken that long.
   * Without it two connections would carry two hundred people, and no drill could notice a pool that is too small.
   */
  report_work_ms: z.number().int().min(0).default(25),
  /** How long `/-/ready` waits for the database. */
  ready_timeout_ms: ms.default(1000),
  /** Rest between two rounds of the outbox relay, and the longest time without a look. */
  relay_interval_ms: ms.default(100),
  relay_poll_ms: ms.default(1000),
  relay_batch: count.default(200),
  /** A message that the queue has not confirmed by then is sent again. */
  confirm_timeout_ms: ms.default(30_000),
  dispatch_interval_ms: ms.default(1000),
  /** The age up to which a unit's status counts as fresh: two heartbeats and a little. */
  fresh_ms: ms.default(65_000),
  /**
   * `requests` for a second instance on the same database: it only answers. The tables, auto-dispatch and the outbox relay are the
   * first one's (two relays would tell everything twice), and its connections are opened as they are needed.
   */
  duties: z.enum(['all', 'requests']).default('all'),
  /** What is wrong with this version on purpose: so large a share of the operations fails, before anything of them is stored. */
  defect: z.strictObject({ fail_ratio: z.number().min(0).max(1) }).optional(),
  /** The e-signature service that signs every quality release; without it nothing is signed. */
  signatures: z
    .strictObject({
      url: httpUrl,
      /** One call; none when weakened. */
      timeout_ms: ms.default(2000),
      /** Rest between two rounds, also after one that failed. */
      pause_ms: ms.default(1000),
      /** So often at least the service is known to have left nothing waiting. */
      interval_ms: ms.default(60_000),
      /** Requests that are on their way at a time. */
      batch: count.default(10),
    })
    .optional(),
});

/** The settings file of the e-signature service, which is a third party's. */
export const esignSettingsSchema = z.strictObject({
  ...common,
  /** How long a signature takes. */
  latency_ms: z.number().int().min(0).default(20),
});

/** The settings file of the router before the MES. */
export const routerSettingsSchema = z.strictObject({
  ...common,
  /** Where the control API listens. */
  control: common.listen,
  control_token: z.string().min(1),
  /** The version that runs when the router starts: its name, and where it serves. */
  stable: z.strictObject({ version: z.string().min(1).default('stable'), url: httpUrl }),
  /** The settings file of the MES: a candidate gets a copy with a port and duties of its own. */
  mes_settings: z.string().min(1),
  /** Where a candidate finds its settings when it starts, and where its log goes. */
  folder: z.string().min(1),
  log_folder: z.string().min(1),
  /** Where it stands which version was promoted; without it a restarted router begins with the stable one. */
  state_file: z.string().min(1).optional(),
});

/** The settings file of the ERP. */
export const erpSettingsSchema = z.strictObject({
  ...common,
  ...database,
  ...queue,
  ...consumer,
  mes: mesAccess,
  /** The lines that the ERP keeps in work. */
  lines: linesSchema,
  open_orders_per_unit: count.default(3),
  /** Pieces of one work order. */
  order_quantity: count.default(10),
  supply_interval_ms: ms.default(2000),
  request_timeout_ms: requestTimeoutMs,
});

/** The settings file of the WMS. */
export const wmsSettingsSchema = z.strictObject({ ...common, ...database, ...queue, ...consumer });

/** The settings file of one line's edge gateway. */
export const edgeSettingsSchema = z.strictObject({
  ...common,
  line: lineSchema,
  /** The token needs the role `system`: the gateway speaks for the people at its terminals. */
  mes: mesAccess,
  /** The people at this line's terminals, who are known here even when the MES is away. */
  tokens: z.record(z.string().min(1), callerSchema),
  /** The SQLite file that holds what was acknowledged and not yet forwarded. */
  journal: z.string().min(1),
  request_timeout_ms: requestTimeoutMs,
  /** The pause before each retry. */
  retry_delay_ms: ms.default(30_000),
  /** Retries before a source is parked until the MES is ready again. */
  max_retries: z.number().int().min(0).default(3),
  ready_poll_ms: ms.default(2000),
  job_poll_ms: ms.default(1000),
  heartbeat_ms: ms.default(30_000),
  /** How long forwarded entries stay in the journal. */
  retention_ms: ms.default(3_600_000),
});

/** The settings file of the simulated people. */
export const operatorsSettingsSchema = z.strictObject({
  ...common,
  lines: z.array(z.strictObject({ line: lineSchema, gateway: httpUrl, token: z.string().min(1) })),
  /** The folder of `<line>.ndjson`: one line for each acknowledged report. */
  acknowledgements: z.string().min(1),
  /** Time for one piece at one unit. */
  cycle_ms: ms.default(2000),
  job_poll_ms: ms.default(500),
  request_timeout_ms: requestTimeoutMs,
  /** The leader, who passes quality at a terminal of the MES itself. */
  leader: mesAccess,
  quality_interval_ms: ms.default(2000),
});

export type MesSettings = z.output<typeof mesSettingsSchema>;
export type EsignSettings = z.output<typeof esignSettingsSchema>;
export type RouterSettings = z.output<typeof routerSettingsSchema>;
export type ErpSettings = z.output<typeof erpSettingsSchema>;
export type WmsSettings = z.output<typeof wmsSettingsSchema>;
export type EdgeSettings = z.output<typeof edgeSettingsSchema>;
export type OperatorsSettings = z.output<typeof operatorsSettingsSchema>;
