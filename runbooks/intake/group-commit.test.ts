import { expect, test } from 'vitest';
import { inTransaction, openSqlite } from '../../kit/sqlite.ts';
import { tempFolder } from '../testing/temp-folder.ts';
import { GroupCommit } from './group-commit.ts';

function counted() {
  const commits: number[][] = [];
  let stored: number[] = [];
  const group = new GroupCommit<number>(
    (work) => {
      stored = [];
      const result = work();
      commits.push(stored);
      return result;
    },
    (results) => {
      if (results.includes(13)) throw new Error('no audit');
    },
  );
  const add = (value: number) =>
    group.add(() => {
      if (value < 0) throw new Error(`bad ${value}`);
      stored.push(value);
      return value;
    });
  return { commits, add };
}

test('What arrives in one turn is stored in one commit, in its order, and each gets its own answer.', async () => {
  const { commits, add } = counted();
  expect(await Promise.all([add(1), add(2), add(3)])).toEqual([1, 2, 3]);
  expect(await add(4)).toBe(4);
  expect(commits).toEqual([[1, 2, 3], [4]]);
});

test('One that cannot be stored does not cost the others theirs.', async () => {
  const { commits, add } = counted();
  const ends = await Promise.allSettled([add(1), add(-1), add(2)]);
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(commits).toEqual([[1], [2]]);
});

test('Where the store itself is locked nobody waits for it a second time.', async () => {
  using folder = tempFolder();
  const blocking = openSqlite(folder.file('store.sqlite'));
  const store = openSqlite(folder.file('store.sqlite'));
  store.exec('PRAGMA busy_timeout = 10; CREATE TABLE t (n INTEGER NOT NULL)');
  let attempts = 0;
  const group = new GroupCommit<number>(
    (work) => {
      attempts += 1;
      return inTransaction(store, work);
    },
    () => {},
  );
  const add = (n: number | null) =>
    group.add(() => Number(store.prepare('INSERT INTO t VALUES (?)').run(n).changes));
  const three = () => Promise.allSettled([add(1), add(null), add(3)]);
  blocking.exec('BEGIN IMMEDIATE');
  expect((await three()).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(attempts).toBe(1);
  blocking.exec('ROLLBACK');
  // A row that breaks a constraint is its own fault.
  expect((await three()).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(attempts).toBe(5);
  for (const one of [store, blocking]) one.close();
});

test('More than a hundred are stored in several commits.', async () => {
  const { commits, add } = counted();
  await Promise.all(Array.from({ length: 250 }, (_, index) => add(1000 + index)));
  expect(commits.map(({ length }) => length)).toEqual([100, 100, 50]);
});

test('Where what follows a commit fails, nobody is told that all is well.', async () => {
  const { add } = counted();
  const ends = await Promise.allSettled([add(1), add(13)]);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});
