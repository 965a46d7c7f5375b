import { z } from 'zod';
import { duration } from '../../kit/duration.ts';
import { listenAddress } from '../../kit/listen-address.ts';
import { receiverSchema } from './channels/registry.ts';
import { shortestToken } from './configured-token.ts';
import { routeSchema } from './routes.ts';

/** When the Watchdog counts as lost, and who is told. */
const heartbeat = z.strictObject({
  /** The alert that always fires. People are told of it only when it stops arriving. */
  alert: z.string().min(1).default('Watchdog'),
  /** At least twice as long as Alertmanager takes to repeat it: one that is lost on the way is no alarm. */
  silent_after: duration
    .refine((ms) => ms >= 10_000, 'must be at least 10s: Alertmanager does not repeat an alert more often')
    .prefault('2m'),
  /** All when left out; an empty list switches it off. */
  receivers: z.array(z.string().min(1)).optional(),
});

/** `notify:` in andon.yaml: how `andon notify serve` receives alerts and tells people. Durations are milliseconds. */
export const notifySection = z.strictObject({
  /** Where it listens for Alertmanager, and for people who follow an acknowledge link. */
  listen: listenAddress.prefault('127.0.0.1:9468'),
  /** What Alertmanager must send as `Authorization: Bearer …`; here or in a file. */
  token: z
    .string()
    .min(shortestToken, `must have at least ${shortestToken} characters: who knows it can wake people up`)
    .optional(),
  token_file: z.string().min(1).optional(),
  /** Alerts, and what waits to be delivered (SQLite). */
  store: z.string().min(1).default('.andon/notify.sqlite'),
  /** How people's phones reach it, for acknowledge links; `http://` and the address it listens on when left out. */
  public_url: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  receivers: z.array(receiverSchema).min(1),
  /** Which alerts go to whom; every alert to every receiver when there are none. */
  routes: z.array(routeSchema).default([]),
  heartbeat: heartbeat.prefault({}),
  /** What could not be delivered for so long becomes a dead letter. */
  max_age: duration.refine((ms) => ms >= 60_000, 'must be at least 1m').prefault('24h'),
  /** An alert is forgotten so long after it was last heard of. */
  keep: duration.refine((ms) => ms >= 86_400_000, 'must be at least 1d').prefault('30d'),
});

export type NotifyConfig = z.output<typeof notifySection>;
