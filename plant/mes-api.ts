import { z } from 'zod';
import { commands, states } from './mes/transitions.ts';

const id = z.string().min(1).max(200);
const instant = z.iso.datetime({ offset: true });

/** ERP → MES: a work order to be made; the same request again may say that its material is now in place. */
export const operationsRequestSchema = z.object({
  id,
  line: id,
  product: id,
  material: id,
  lot: id,
  quantity: z.number().int().positive(),
  urgency: z.number().int().default(0),
  due_at: instant,
  material_ready: z.boolean().default(true),
  /** The order that must be done before this one. */
  predecessor: id.optional(),
});
export type OperationsRequest = z.output<typeof operationsRequestSchema>;

/** Terminal → MES: a command on a work order. `unit` is required to dispatch. */
export const commandRequestSchema = z.object({
  command: z.enum(commands),
  expected_version: z.number().int(),
  device_ts: instant,
  unit: id.optional(),
  reason: z.string().optional(),
});
export type CommandRequest = z.output<typeof commandRequestSchema>;

/** Terminal → MES: one piece, with its serial number. `recovered` marks a replay after an outage. */
export const operationReportSchema = z.object({
  op_id: id,
  work_order_id: id,
  unit: id,
  line: id,
  source: id,
  seq: z.number().int().positive(),
  serial: id,
  result: z.enum(['good', 'scrap', 'rework']),
  device_ts: instant,
  recovered: z.boolean().default(false),
});
export type OperationReport = z.output<typeof operationReportSchema>;

/** Gateway → MES: signs of life of a line's devices. */
export const heartbeatsSchema = z.object({
  line: id,
  devices: z.array(z.object({ id, at: instant, state: z.string() })).max(1000),
});
export type Heartbeats = z.output<typeof heartbeatsSchema>;

/** A person or a runbook → MES: this device gets no work until it is let back. */
export const quarantineRequestSchema = z.object({
  reason: z.string().trim().min(1).max(500),
  /** It comes back by itself when it has been heard without a break for so long; only by hand when left out. */
  lift_after_heard_s: z.number().int().min(1).max(86_400).optional(),
});
export type QuarantineRequest = z.output<typeof quarantineRequestSchema>;

/** `?mine=true`: only a quarantine that the caller has begun. */
export const quarantineQuerySchema = z.object({
  mine: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true'),
});

/** What terminals, gateways and the ERP read of a work order. */
export const jobOrderSchema = z.object({
  id,
  line: id,
  unit: id.nullable(),
  product: id,
  quantity: z.number(),
  reported: z.number(),
  state: z.enum(states),
  version: z.number(),
});
export type JobOrder = z.output<typeof jobOrderSchema>;
export const jobOrdersSchema = z.array(jobOrderSchema);

/** MES → queue → ERP, WMS: an operation was reported. */
export const operationReportedSchema = z.object({
  op_id: id,
  work_order_id: id,
  source: id,
  seq: z.number().int(),
  serial: id,
  material: id,
  lot: id,
  quantity: z.number().int(),
  /** When the MES booked it: the one time that every system keeps the same, so that they can be compared. */
  server_ts: instant.optional(),
});
export type OperationReported = z.output<typeof operationReportedSchema>;

/** The terminal or source that a request is about. A router keeps each with one version of the MES by it. */
export const terminalHeader = 'x-terminal';

/** A gateway says with these, beside its own token, for whom it speaks. */
export const onBehalfHeaders = { actor: 'x-on-behalf-of', role: 'x-on-behalf-of-role' } as const;
