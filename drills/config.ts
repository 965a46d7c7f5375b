import { z } from 'zod';
import type { AlertsConfig } from '../alerts/config.ts';
import { weeklyTime } from '../alerts/shifts.ts';
import { duration } from '../kit/duration.ts';
import { listenAddress } from '../kit/listen-address.ts';
import type { Targets } from '../kit/targets.ts';

const ledgerSystem = z.strictObject({
  name: z.string(),
  /** A `postgres` target. */
  target: z.string(),
  /** Rows of op, source, seq and position (the order applied); $1 is the time since when. */
  operations: z.string(),
  /** Rows of source and seq: the newest operation that the system shows for a source. */
  current: z.string().optional(),
});

/** `drills:` in andon.yaml. */
export const drillsSection = z.strictObject({
  /** Where a running drill receives Alertmanager's deliveries. */
  listen: listenAddress.prefault('127.0.0.1:9466'),
  token: z.string().optional(),
  runbooks_url: z.url().optional(),
  /** When production targets may be broken, in the time zone of `alerts.shifts`. Without a window: never. */
  windows: z.array(weeklyTime).default([]),
  /** Whether such a window also counts while a shift of `alerts.shifts` works. */
  windows_in_shift: z.boolean().default(false),
  /** A drill that was not held successfully for longer than this is overdue: `andon drill history` says so. */
  rehearse_every: duration.prefault('35d'),
  load: z
    .strictObject({ terminals: z.strictObject({ target: z.string(), token: z.string() }).optional() })
    .prefault({}),
  ledger: z
    .strictObject({
      /** Folders whose *.ndjson files hold what clients had acknowledged. */
      acknowledgements: z.array(z.string()),
      /** A line without an acknowledgement for longer than this stands still. */
      stop_after: duration.prefault('10s'),
      systems: z.array(ledgerSystem).min(1),
      /** Status pages of store-and-forward boxes: JSON with `retrying` and `parked`, which must be 0 before counting ends. */
      forwarders: z.array(z.url()).default([]),
    })
    .optional(),
});

export type DrillsConfig = z.output<typeof drillsSection>;
export type LedgerConfig = NonNullable<DrillsConfig['ledger']>;

/** The parts of andon.yaml that a drill needs. */
export interface DrillSettings {
  targets: Targets;
  alerts: AlertsConfig;
  prometheus: { url: string };
  drills: DrillsConfig;
  /** The runbook service's token, for holding it. */
  runbooksToken?: string | undefined;
}
