import { describe, expect, it } from 'vitest';
import type { JournalEvent } from '../journal.ts';
import { reportFromJournal } from './from-journal.ts';
import { reportSchema } from './schema.ts';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 5, 9, 0, second)).toISOString();
const lock = { index: 0, kind: 'db.lock', target: 'mes-db' };
const begun: JournalEvent[] = [
  {
    type: 'run-started',
    at: at(0),
    run: 'run-1',
    version: '0.1.0',
    pid: 1,
    drill: { id: 'db-lock', title: 'A lock', cause: 'database' },
    recoverWithinMs: 60_000,
    users: 0,
  },
  { type: 'stage', at: at(0), name: 'preflight', plannedMs: 0 },
  { type: 'stage', at: at(2), name: 'fault', plannedMs: 20_000 },
  { type: 'fault-planned', at: at(2), ...lock, effects: ['locks work_orders'] },
  { type: 'fault-injected', at: at(3), ...lock },
];

describe('The report of a journal', () => {
  it('whose runner died is aborted, and says that the watchdog lifted the fault.', () => {
    const report = reportFromJournal([
      ...begun,
      { type: 'watchdog', at: at(9), undone: ['db.lock on mes-db'], errors: [] },
    ]);
    expect(reportSchema.parse(report)).toMatchObject({
      verdict: 'aborted',
      run: { id: 'run-1', durationSeconds: 9 },
      faults: [
        {
          ...{ kind: 'db.lock', target: 'mes-db' },
          injectedAt: at(3),
          liftedAt: at(9),
          liftedBy: 'watchdog',
        },
      ],
    });
    expect(report.findings.map(({ text }) => text).join('\n')).toMatch(/ended without finishing/);
  });

  it('that came to its end has the verdict of its end, and each fault with who lifted it.', () => {
    const report = reportFromJournal([
      ...begun,
      { type: 'fault-lifted', at: at(20), ...lock, by: 'runbook', touched: 12 },
      { type: 'fault-residue', at: at(20), ...lock, residue: [] },
      { type: 'stage', at: at(20), name: 'verdict', plannedMs: 0 },
      { type: 'run-finished', at: at(21), verdict: 'passed', reasons: [] },
    ]);
    expect(report).toMatchObject({
      verdict: 'passed',
      faults: [{ liftedBy: 'runbook', touched: 12, residue: [] }],
    });
    expect(report.stages).toEqual([
      { name: 'preflight', startedAt: at(0), finishedAt: at(2) },
      { name: 'fault', startedAt: at(2), finishedAt: at(20) },
      { name: 'verdict', startedAt: at(20), finishedAt: at(21) },
    ]);
  });

  it('without a beginning is refused.', () => {
    expect(() => reportFromJournal(begun.slice(1))).toThrow(/no run-started/);
  });
});
