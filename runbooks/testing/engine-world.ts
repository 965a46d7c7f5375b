import { type Clock, systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { type Targets, targetsSchema } from '../../kit/targets.ts';
import { waitFor } from '../../kit/wait.ts';
import { AuditLog } from '../audit/audit.ts';
import { type EngineDeps, RunbookEngine } from '../engine/engine.ts';
import type { AlertNotice } from '../intake/alert-notice.ts';
import { hashOfRunbook, type Runbook, runbookSchema } from '../schema/runbook.ts';
import type { RunRecord } from '../store/run.ts';
import { RunStore } from '../store/store.ts';
import { FakeStep } from './fake-step.ts';
import { tempFolder } from './temp-folder.ts';

export const twoTargets: Targets = targetsSchema.parse({
  'mes-db': { kind: 'postgres', url: 'postgres://127.0.0.1:1/mes' },
  'erp-db': { kind: 'postgres', url: 'postgres://127.0.0.1:1/erp' },
});

/** One file store and audit log, over which engines can be started, ended and started again. */
export class EngineWorld implements Disposable {
  readonly step = new FakeStep();
  readonly folder = tempFolder();
  readonly clock: Clock;
  readonly store: RunStore;
  readonly audit: AuditLog;
  runbooks: Runbook[];
  targets: Targets = twoTargets;
  /** Whether a shift works. */
  inShift = true;
  #proofs = 0;

  constructor(runbook: Record<string, unknown> = {}, clock: Clock = systemClock) {
    this.clock = clock;
    this.store = new RunStore(this.folder.file('runs.sqlite'));
    this.audit = new AuditLog(this.folder.file('audit.ndjson'), clock);
    this.runbooks = [this.runbook(runbook)];
  }

  /** A runbook that acts on MesDatabaseBlocked, unless told otherwise. */
  runbook(changes: Record<string, unknown> = {}): Runbook {
    const runbook = runbookSchema([this.step]).parse({
      id: 'act',
      title: 'Act',
      triggers: [{ alert: 'MesDatabaseBlocked', tier: 'A' }],
      mode: 'auto',
      target: 'mes-db',
      cool_down: '0s',
      steps: [{ step: 'test.act' }],
      ...changes,
    });
    this.prove(runbook);
    return runbook;
  }

  /** As if a drill had just passed. */
  prove(runbook: Runbook, passed = true, at = this.clock.now()): void {
    const drillRun = `drill-${++this.#proofs}`;
    const runbookHash = hashOfRunbook(runbook);
    this.store.proofs.record({ runbook: runbook.id, drillRun, runbookHash, drill: 'a-drill', passed, at });
  }

  get deps() {
    const { store, audit, clock, runbooks } = this;
    return {
      store,
      audit,
      clock,
      runbooks,
      targets: this.targets,
      snapshots: {},
      steps: [this.step],
      log: silentLog,
      fetch,
      prometheus: 'http://127.0.0.1:1',
      timezone: 'UTC',
      inShift: () => this.inShift,
    };
  }

  engine(changes: Partial<EngineDeps> = {}): RunbookEngine {
    return new RunbookEngine({ ...this.deps, ...changes });
  }

  get runs(): RunRecord[] {
    return this.store.runs(0);
  }

  /** Until all stored runs have ended. */
  async settled(): Promise<RunRecord[]> {
    const done = () => this.runs.length > 0 && this.runs.every(({ finishedAt }) => finishedAt !== null);
    await waitFor(done, { what: 'the end of all runs', timeoutMs: 20_000, everyMs: 10 });
    return this.runs;
  }

  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
    this.audit[Symbol.dispose]();
    this.folder[Symbol.dispose]();
  }
}

export const notice = (
  changes: Partial<AlertNotice> & { labels?: Record<string, string> } = {},
): AlertNotice => ({
  status: 'firing',
  fingerprint: 'f1',
  startsAt: Date.parse('2026-01-31T08:00:00.000Z'),
  ...changes,
  labels: { alertname: 'MesDatabaseBlocked', tier: 'A', target: 'mes-db', ...changes.labels },
});
