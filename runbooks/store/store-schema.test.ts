import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { tempFolder } from '../testing/temp-folder.ts';
import { RunStore } from './store.ts';

/** A store as version 2 left it, as far as versions differ: with one run that has a step and still holds its lock. */
function storeOfVersion2(file: string): void {
  using _made = new RunStore(file);
  using database = new DatabaseSync(file);
  database.exec(`PRAGMA foreign_keys = OFF;
    ALTER TABLE rehearsals DROP COLUMN targets;
    DROP TABLE runs;
    CREATE TABLE runs (
      id INTEGER PRIMARY KEY, runbook TEXT NOT NULL, runbook_hash TEXT NOT NULL, actor TEXT NOT NULL, alert TEXT,
      fingerprint TEXT NOT NULL, starts_at INTEGER NOT NULL, labels TEXT NOT NULL, inputs TEXT NOT NULL, target TEXT,
      locks TEXT NOT NULL, mode TEXT NOT NULL, trust TEXT NOT NULL, plan TEXT NOT NULL, plan_hash TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('awaiting-approval', 'waiting', 'running', 'succeeded', 'failed', 'refused',
        'held', 'compensated', 'handed-off')),
      reason TEXT NOT NULL DEFAULT '', failure TEXT, received_at INTEGER NOT NULL, ready_at INTEGER NOT NULL,
      started_at INTEGER, turned_back_at INTEGER, verified_at INTEGER, finished_at INTEGER, owner TEXT, lease_until INTEGER,
      UNIQUE (runbook, fingerprint, starts_at)) STRICT;
    INSERT INTO runs VALUES (7, 'act', 'hash', 'alertmanager', 'Red', 'f1', 1000, '{}', '{}', 'mes-db', '["target mes-db"]', 'auto',
      'proven', 'the plan', 'plan hash', 'running', '', NULL, 1000, 1000, 1001, NULL, NULL, NULL, 'who died', 2000);
    INSERT INTO locks VALUES ('target mes-db', 7);
    INSERT INTO steps (run_id, position, phase, attempt, step, outcome, started_at) VALUES (7, 0, 'do', 1, 'test.act', 'running', 1002);
    PRAGMA user_version = 2`);
}

test('A store of the version before is brought up to date: its runs, steps and locks stay, and what is new fits in.', () => {
  using folder = tempFolder();
  const file = folder.file('runs.sqlite');
  storeOfVersion2(file);
  using store = new RunStore(file);
  expect(store.run(7)).toMatchObject({
    runbook: 'act',
    state: 'running',
    need: null,
    steps: [{ step: 'test.act' }],
  });
  expect(store.takeOver('an heir', 9000, 3000)).toMatchObject([{ id: 7, onceNeeded: null }]);
  expect(store.finish(7, 'an heir', { outcome: 'not-needed', reason: 'nothing to do' }, 3000)).toBe(true);
  const rehearsal = { runbook: 'act', holder: 'drill', production: [], targets: ['mes-db'], expiresAt: 9000 };
  store.proofs.rehearse(rehearsal, 3000);
  expect(store.proofs.rehearsing('act', 3000)).toMatchObject([rehearsal]);
  using again = new RunStore(file);
  expect(again.run(7)).toMatchObject({ outcome: 'not-needed' });
});

test('A store of another version is refused, and not touched.', () => {
  using folder = tempFolder();
  const file = folder.file('runs.sqlite');
  new RunStore(file)[Symbol.dispose]();
  using database = new DatabaseSync(file);
  database.exec('PRAGMA user_version = 99');
  expect(() => new RunStore(file)).toThrow('is of version 99, not 3');
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 99 });
});
