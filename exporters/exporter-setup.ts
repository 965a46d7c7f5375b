import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { TargetKind, TargetOf, Targets } from '../kit/targets.ts';
import type { Collector } from './collector.ts';
import type { ExporterConfig } from './config.ts';
import type { DatabaseSessions } from './databases/sessions.ts';

/** What collectors are made from. Nothing is connected before the first scrape. */
export interface ExporterSetup {
  readonly config: ExporterConfig;
  readonly targets: Targets;
  readonly sessions: DatabaseSessions;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly log: Log;
}

/** What one file of collectors/ contributes: the collectors that andon.yaml asks it for. */
export type CollectorKind = (setup: ExporterSetup) => readonly Collector[];

/** A collector for each target of one kind in andon.yaml. */
export const forEachTarget =
  <K extends TargetKind>(
    kind: K,
    create: (name: string, target: TargetOf<K>, setup: ExporterSetup) => Collector,
  ): CollectorKind =>
  (setup) =>
    targetsOfKind(setup.targets, kind).map(([name, target]) => create(name, target, setup));

/** The targets of one kind, by their names in andon.yaml. */
export const targetsOfKind = <K extends TargetKind>(targets: Targets, kind: K): [string, TargetOf<K>][] =>
  Object.entries(targets).flatMap(([name, target]) =>
    target.kind === kind ? [[name, target as TargetOf<K>] as [string, TargetOf<K>]] : [],
  );

/** The targets of one kind among those that are named, or all of them. Names of no such target are refused when andon.yaml is read. */
export const listed = <K extends TargetKind>(
  names: readonly string[] | undefined,
  targets: Targets,
  kind: K,
): [string, TargetOf<K>][] => targetsOfKind(targets, kind).filter(([name]) => names?.includes(name) ?? true);
