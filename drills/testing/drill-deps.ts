import path from 'node:path';
import { alertsSection } from '../../alerts/config.ts';
import { systemClock } from '../../kit/clock.ts';
import { UnavailableError } from '../../kit/errors.ts';
import { silentLog } from '../../kit/log.ts';
import { targetsSchema } from '../../kit/targets.ts';
import { drillsSection } from '../config.ts';
import { faults } from '../faults/registry.ts';
import type { DrillDeps } from '../run.ts';
import { type Drill, drillSchema } from '../schema.ts';

/** An address at which nobody listens. */
export const nowhere = 'http://127.0.0.1:9';

export interface DrillPlace {
  home: string;
  /** As they stand in andon.yaml. */
  targets?: Record<string, unknown>;
  alerts?: object;
  drills?: object;
}

/** What a drill is given where there is neither Prometheus nor a load generator. */
export const drillDeps = (
  { home, targets = {}, alerts = {}, drills = {} }: DrillPlace,
  more: Partial<DrillDeps> = {},
): DrillDeps => ({
  settings: {
    targets: targetsSchema.parse(targets),
    alerts: alertsSection.parse(alerts),
    prometheus: { url: nowhere },
    drills: drillsSection.parse(drills),
  },
  configFile: path.join(home, 'andon.yaml'),
  home,
  clock: systemClock,
  log: silentLog,
  fetch,
  self: { command: 'false', args: [] },
  load: () => ({ missing: new UnavailableError('load.none', 'no load') }),
  boundMs: () => undefined,
  signal: new AbortController().signal,
  onEvent: () => {},
  version: '0.0.0',
  confirmedProduction: [],
  ...more,
});

/** A drill that cuts the link `mes-db-link`, with whatever else it says. */
export const cutDrill = (more: object = {}): Drill =>
  drillSchema({ faults, alerts: new Map() }).parse({
    id: 'short-cut',
    title: 'A short cut',
    cause: 'network',
    hypothesis: [{ name: 'something', promql: '1', expect: '>= 1' }],
    method: [{ fault: 'network.cut', target: 'mes-db-link', for: '50ms' }],
    ...more,
  });
