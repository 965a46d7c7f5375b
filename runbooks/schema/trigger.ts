import { Cron } from 'croner';
import { z } from 'zod';

const text = z.string().min(1);

const alertTrigger = z.strictObject({
  alert: text,
  tier: z.enum(['A', 'B', 'C']).optional(),
  /** Labels the alert must carry with exactly these values. */
  labels: z.record(z.string(), z.string()).default({}),
});

const cronTrigger = z.strictObject({
  /** Five fields, in the time zone of `alerts.shifts`: `0 2 * * *` is every day at 02:00. */
  cron: z.string().refine(isCron, 'is no cron expression of five fields, as in "0 2 * * *"'),
});

const eventTrigger = z.strictObject({
  /** The name that another program gives in `POST /events`. */
  event: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,99}$/, 'must be lower case words joined by dots or hyphens'),
});

/** What starts a runbook besides a person: an alert, the time, or another program. */
export const trigger = z.union([alertTrigger, cronTrigger, eventTrigger], {
  error: 'must be one of {alert: NAME}, {cron: "0 2 * * *"} and {event: NAME}',
});
export type Trigger = z.output<typeof trigger>;
export type AlertTrigger = z.output<typeof alertTrigger>;
export type CronTrigger = z.output<typeof cronTrigger>;

export const isAlertTrigger = (one: Trigger): one is AlertTrigger => 'alert' in one;

function isCron(pattern: string): boolean {
  if (pattern.trim().split(/\s+/).length !== 5) return false;
  try {
    new Cron(pattern, { paused: true }).stop();
    return true;
  } catch {
    return false;
  }
}
