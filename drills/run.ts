import type { AlertTier } from '../alerts/tiers.ts';
import type { Clock } from '../kit/clock.ts';
import { isoTime } from '../kit/clock.ts';
import type { AndonError } from '../kit/errors.ts';
import type { Log } from '../kit/log.ts';
import type { SelfCommand } from '../kit/module-path.ts';
import { type Span, withSpan } from '../kit/tracing.ts';
import type { DrillSettings } from './config.ts';
import type { Injection, LoadStarter, NamedTarget, Plan } from './fault.ts';
import type { Journal, JournalEvent } from './journal.ts';
import type { ProbeDeps } from './probes/probe.ts';
import type { PrometheusApi } from './prometheus-api.ts';
import type { KnownRunbook, RunbookWatch } from './runbook-watch.ts';
import type { Drill } from './schema.ts';
import type { Stopwatch } from './stopwatch.ts';
import type { UndoLog } from './undo-log.ts';
import type { Watchdog } from './watchdog.ts';

/** Everything a drill is given; chosen by the CLI or a test. */
export interface DrillDeps {
  settings: DrillSettings;
  /** The andon.yaml behind the settings: the watchdog reads it again. */
  configFile: string;
  /** The `.andon` folder: undo log, history, lock. */
  home: string;
  clock: Clock;
  log: Log;
  fetch: typeof fetch;
  self: SelfCommand;
  /** Makes the load starter of one run, which records into the run's folder; or says why there is none. */
  load: (runDir: string) => LoadStarter | { missing: AndonError };
  /** The bound of an alert in milliseconds, and the tiers each alert exists in. */
  boundMs: (alert: string, tier: AlertTier) => number | undefined;
  signal: AbortSignal;
  onEvent: (event: JournalEvent) => void;
  version: string;
  /** What happened to earlier runs that never finished; told at the start of this one. */
  earlier?: readonly string[];
  /** Production targets that the user named with --yes-production. */
  confirmedProduction: readonly string[];
}

/** One fault that is in, or was. */
export interface ActiveFault {
  index: number;
  plan: Plan;
  injection: Injection;
  undoId: string;
  injectedAtMs: number;
  dueAtMs: number;
  /** From its injection until it is out. */
  span: Span;
  /** Set once it is out. */
  liftedAtMs?: number;
  liftedBy?: string;
}

/** One run on its way through the stages. */
export interface Run {
  id: string;
  dir: string;
  drill: Drill;
  deps: DrillDeps;
  journal: Journal;
  undoLog: UndoLog;
  prometheus: PrometheusApi;
  probes: ProbeDeps;
  runbooks: RunbookWatch | undefined;
  /** The runbook that this drill proves, as it was in the preflight. */
  rehearsed?: KnownRunbook;
  load: LoadStarter | undefined;
  /** Why there is no load starter. */
  loadMissing: AndonError | undefined;
  stopwatch: Stopwatch;
  /** When the baseline began: what was acknowledged from here on is counted. */
  measuredFromMs: number;
  faults: ActiveFault[];
  /** Aborted by the user's signal, by a guardrail or by the drill's longest duration. */
  signal: AbortSignal;
  stop: (reason: Error) => void;
  /** Set once the process that undoes when this one cannot is ready. */
  watchdog?: Watchdog;
  /** What must be closed when the run ends, whatever ends it. */
  cleanUp: AsyncDisposableStack;
  /** What stood on the drill's targets before anything was broken; see drills/survey. */
  surveyed: readonly string[];
  /** Why it has not passed, collected on the way. */
  reasons: string[];
}

export const nowIso = (run: Run): string => isoTime(run.deps.clock.now());

/** Marks the begin of a stage and does its work. */
export function stage<T>(run: Run, name: string, plannedMs: number, work: () => Promise<T>): Promise<T> {
  const attributes = () => ({ 'andon.run': run.id, 'andon.stage': name });
  return withSpan(`drill stage ${name}`, { attributes }, async () => {
    run.journal.write({ type: 'stage', at: nowIso(run), name, plannedMs });
    return work();
  });
}

export function note(run: Run, text: string): void {
  run.journal.write({ type: 'note', at: nowIso(run), text });
}

/** The targets that the drill's method breaks, each once. */
export function targetsOf({ drill, deps }: Pick<Run, 'drill' | 'deps'>): NamedTarget[] {
  const names = [...new Set(drill.method.map(({ target }) => target))];
  return names.flatMap((name) => {
    const target = deps.settings.targets[name];
    return target ? [{ name, target }] : [];
  });
}
