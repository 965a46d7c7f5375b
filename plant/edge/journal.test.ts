import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqlite } from '../../kit/sqlite.ts';
import { Journal } from './journal.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'andon-journal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const entry = (key: string, traceparent?: string) => ({
  ...{ key, source: 'T-U1', path: '/operations', body: { op_id: key }, traceparent },
  caller: { actor: 'anna', role: 'operator' as const },
});

describe('The journal of a gateway', () => {
  it('keeps the trace of an entry over a restart, and knows that another has none.', () => {
    const file = path.join(folder, 'journal.sqlite');
    {
      using journal = new Journal(file);
      journal.add(entry('op-1', '00-trace'), 0);
      journal.add(entry('op-2'), 0);
    }
    using journal = new Journal(file);
    const first = journal.head('T-U1');
    expect(first).toMatchObject({ key: 'op-1', traceparent: '00-trace' });
    journal.settle(first?.id ?? 0, 'done', '', 0);
    expect(journal.head('T-U1')).toMatchObject({ key: 'op-2', traceparent: undefined });
  });

  it('takes over one of an earlier version, with what waits in it.', () => {
    const file = path.join(folder, 'old.sqlite');
    {
      using journal = new Journal(file);
      journal.add(entry('op-1', '00-trace'), 0);
    }
    const old = openSqlite(file);
    old.exec('ALTER TABLE entries DROP COLUMN traceparent');
    old.close();
    using journal = new Journal(file);
    expect(journal.head('T-U1')).toMatchObject({ key: 'op-1', traceparent: undefined });
    expect(journal.add(entry('op-2', '00-trace'), 0)).toBe(true);
  });
});
