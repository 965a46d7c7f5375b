import { Cron } from 'croner';
import { z } from 'zod';
import { duration } from '../../kit/duration.ts';

/** What another program calls what has happened. */
export const eventName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{0,99}$/, 'must be lower case words joined by dots or hyphens');

/** What starts a runbook besides a person: exactly one of an alert, the time, and another program. */
export const trigger = z
  .strictObject({
    alert: z.string().min(1).optional(),
    tier: z.enum(['A', 'B', 'C']).optional(),
    /** Labels the alert must carry with exactly these values. */
    labels: z.record(z.string(), z.string()).default({}),
    /** Five fields, in the time zone of `alerts.shifts`: `0 2 * * *` is every day at 02:00. */
    cron: z.string().refine(isCron, 'is no cron expression of five fields, as in "0 2 * * *"').optional(),
    /** A time that passed while the service was down is made up for once, if it is not longer ago than this; left out, it is not. */
    catch_up: duration.optional(),
    /** The name that another program gives in `POST /events`. */
    event: eventName.optional(),
  })
  .superRefine(({ alert, tier, labels, cron, catch_up, event }, context) => {
    if ([alert, cron, event].filter((one) => one !== undefined).length !== 1)
      context.addIssue({ code: 'custom', message: 'needs exactly one of alert, cron and event' });
    if (alert === undefined && (tier !== undefined || Object.keys(labels).length > 0))
      context.addIssue({ code: 'custom', message: 'tier and labels choose among alerts: they need "alert"' });
    if (cron === undefined && catch_up !== undefined)
      context.addIssue({ code: 'custom', message: 'catch_up makes up for times: it needs "cron"' });
  });

function isCron(pattern: string): boolean {
  if (pattern.trim().split(/\s+/).length !== 5) return false;
  try {
    new Cron(pattern, { paused: true }).stop();
    return true;
  } catch {
    return false;
  }
}
