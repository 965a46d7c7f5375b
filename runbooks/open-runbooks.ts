import { inShiftAt } from '../alerts/shift-clock.ts';
import type { Shifts } from '../alerts/shifts.ts';
import type { ComparisonConfig } from '../exporters/consistency/config.ts';
import type { Clock } from '../kit/clock.ts';
import { UnavailableError } from '../kit/errors.ts';
import type { Log } from '../kit/log.ts';
import type { Targets } from '../kit/targets.ts';
import { AuditLog, verifyAudit } from './audit/audit.ts';
import { loadCatalog } from './catalog.ts';
import type { RunbooksConfig } from './config.ts';
import type { EngineDeps } from './engine/engine.ts';
import { repairsOf } from './repairs/repair.ts';
import type { Runbook } from './schema/runbook.ts';
import type { Step } from './step.ts';
import { shippedSteps } from './steps/registry.ts';
import { RunStore } from './store/store.ts';

export interface RunbookOptions {
  config: RunbooksConfig;
  targets: Targets;
  /** Those of `exporter.consistency`, to which repairs belong. */
  comparisons?: readonly ComparisonConfig[] | undefined;
  /** Where Prometheus answers. */
  prometheus: string;
  /** When the plant works: for modes off shift, and the time zone of cron triggers. */
  shifts: Shifts;
  fetch: typeof fetch;
  clock: Clock;
  log: Log;
  /** The catalogue when left out: the shipped runbooks and those of `config.folder`. */
  runbooks?: readonly Runbook[];
  steps?: readonly Step[];
}

/** Everything that decides about runbooks and carries them out, with its store and audit log open. */
export type OpenRunbooks = EngineDeps & Disposable;

/** Opens the store and the audit log. Throws when the catalogue or the audit log is not in order. */
export function openRunbooks(options: RunbookOptions): OpenRunbooks {
  const { config, targets, prometheus, shifts, clock, log, steps = shippedSteps } = options;
  const { snapshots, scripts, folder } = config;
  const runbooks = options.runbooks ?? loadCatalog({ folder, steps }).map(({ runbook }) => runbook);
  const repairs = repairsOf(config.repairs, options.comparisons ?? []);
  demandAudit(config.audit);
  using opened = new DisposableStack();
  const store = opened.use(new RunStore(config.store));
  const audit = opened.use(new AuditLog(config.audit, clock));
  const owned = opened.move();
  return {
    ...{ store, audit, runbooks, steps, targets, snapshots, repairs, scripts, prometheus, clock, log },
    fetch: options.fetch,
    timezone: shifts.timezone,
    inShift: inShiftAt(shifts),
    [Symbol.dispose]: () => owned.dispose(),
  };
}

function demandAudit(file: string): void {
  const verdict = verifyAudit(file);
  if (verdict.ok) return;
  throw new UnavailableError('runbook.audit-broken', `the audit log ${file}: ${verdict.problem}`, {
    mend: `Find out who changed it; then move ${file} and ${file}.head.sqlite* away together, and a new log begins.`,
  });
}
