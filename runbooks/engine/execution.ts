import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import type { AuditLog } from '../audit/audit.ts';
import { inputValues, knownStep, type PlanDeps, waitsMs } from '../plan.ts';
import type { PlaceholderValues } from '../schema/placeholders.ts';
import type { Runbook } from '../schema/runbook.ts';
import type { Step } from '../step.ts';
import type { StoredRun, StoredStep } from '../store/run.ts';
import type { RunStore } from '../store/store.ts';
import type { RunRules } from './next-move.ts';

/** What carrying out runs needs. */
export interface ExecutionDeps extends PlanDeps {
  store: RunStore;
  audit: AuditLog;
  /** Where Prometheus answers. */
  prometheus: string;
  fetch: typeof fetch;
  clock: Clock;
  log: Log;
  /** The name of this process as the owner of runs. */
  owner: string;
}

/** One run on its way: what was stored, and the runbook that it carries out. */
export interface Execution {
  run: StoredRun;
  runbook: Runbook;
  deps: ExecutionDeps;
}

/** What the rules of the next move are for this runbook. */
export function rulesOf({ applies, steps: entries }: Runbook, steps: readonly Step[]): RunRules {
  const rules = entries.map(({ step: kind, with: params, retry, undo }) => ({
    step: kind,
    repeatable: knownStep(steps, kind).repeatable(params),
    retries: retry?.times ?? 0,
    waitMs: retry?.wait ?? 0,
    hasUndo: undo !== undefined,
  }));
  return { asksFirst: applies !== undefined, steps: rules };
}

/** How long all steps and checks may take together: people and the world get the time they were promised. */
export function totalMs({ runbook, deps }: Execution): number {
  const waiting = runbook.steps.map(({ step, with: params }) => waitsMs(knownStep(deps.steps, step), params));
  return waiting.reduce((sum, ms) => sum + ms, runbook.timeout);
}

/** What placeholders stand for: the inputs, and in an undo what its step has said of itself. */
export function valuesOf(run: StoredRun, doing?: StoredStep): PlaceholderValues {
  const results = Object.entries(doing?.details ?? {}).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' || typeof value === 'number' ? [[`result.${name}`, String(value)]] : [],
  );
  return new Map([...inputValues(run.inputs), ...results]);
}
