import { z } from 'zod';

const time = z.string().transform((text, context) => {
  const ms = Date.parse(text);
  if (Number.isFinite(ms)) return ms;
  context.addIssue({ code: 'custom', message: 'is no time' });
  return z.NEVER;
});

const alert = z.object({
  status: z.enum(['firing', 'resolved']),
  labels: z.record(z.string(), z.string()),
  startsAt: time,
  fingerprint: z.string().min(1).max(200),
});

/** Alertmanager's webhook, version 4. Fields that newer releases add are let through. */
export const alertmanagerBody = z.object({
  version: z.literal('4'),
  /** How many alerts Alertmanager has left out of the list. */
  truncatedAlerts: z.int().min(0).default(0),
  alerts: z.array(alert),
});

/** One alert instance changing its state. Its identity is fingerprint + startsAt (Unix milliseconds). */
export type AlertNotice = z.output<typeof alert>;
