import { z } from 'zod';
import { nameProblem } from './device-name.ts';
import { deviceStates } from './device-state.ts';

const name = z.string().superRefine((text, context) => {
  const problem = nameProblem(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

const heartbeat = z.strictObject({
  line: name,
  device: name,
  /** Left out: the device is as it was. */
  state: z.enum(deviceStates).optional(),
  /** When it was alive, by its own clock; now when it is left out. */
  at: z.iso
    .datetime({ offset: true, error: 'must be a time as in 2026-08-01T12:00:00Z' })
    .transform((text) => Date.parse(text))
    .optional(),
});
const heartbeats = z.array(heartbeat);
export type Heartbeat = z.infer<typeof heartbeat>;

/** One mistake in a request: in which heartbeat, counted from 0, and what. */
export interface HeartbeatProblem {
  index: number;
  message: string;
}

/** The heartbeats of a request's body, one or several; or everything that is wrong with them. */
export function readHeartbeats(body: unknown): Heartbeat[] | { problems: HeartbeatProblem[] } {
  const result = heartbeats.safeParse(Array.isArray(body) ? body : [body]);
  if (result.success) return result.data;
  return {
    problems: result.error.issues.map(({ path: [index, ...field], message }) => ({
      index: Number(index),
      message: field.length === 0 ? message : `${field.join('.')}: ${message}`,
    })),
  };
}
