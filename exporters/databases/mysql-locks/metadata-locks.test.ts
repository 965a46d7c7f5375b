import { expect, it } from 'vitest';
import { metadataWaits } from './metadata-locks.ts';

const held = (session: number, type: string, object = 'TABLE/mes/work_orders') => ({
  session,
  object,
  type,
  is_pending: 0,
});
const wanted = (session: number, type: string, object?: string) => ({
  ...held(session, type, object),
  is_pending: 1,
});

it.each([
  ['a reader waits for LOCK TABLES … WRITE', 'SHARED_READ', 'SHARED_NO_READ_WRITE', true],
  ['a reader does not wait for an ALTER that copies', 'SHARED_READ', 'SHARED_NO_WRITE', false],
  ['a writer waits for an ALTER that copies', 'SHARED_WRITE', 'SHARED_NO_WRITE', true],
  ['a writer waits for LOCK TABLES … READ', 'SHARED_WRITE', 'SHARED_READ_ONLY', true],
  ['a reader does not wait for a writer', 'SHARED_READ', 'SHARED_WRITE', false],
  ['an ALTER waits for a reader', 'EXCLUSIVE', 'SHARED_READ', true],
  ['whoever looks at a definition waits for an ALTER', 'SHARED_HIGH_PRIO', 'EXCLUSIVE', true],
  ['a DROP DATABASE waits for whoever works in it', 'EXCLUSIVE', 'INTENTION_EXCLUSIVE', true],
  ['two who work in one database do not wait', 'INTENTION_EXCLUSIVE', 'INTENTION_EXCLUSIVE', false],
  ['a writer waits for the global read lock of MySQL', 'INTENTION_EXCLUSIVE', 'SHARED', true],
  ['a writer waits for the global read lock of MariaDB', 'BACKUP_TRANS_DML', 'BACKUP_FTWRL2', true],
  ['a writer does not wait for an ALTER elsewhere', 'BACKUP_TRANS_DML', 'BACKUP_DDL', false],
])('%s.', (_what, request, lock, isBlocked) => {
  const waits = metadataWaits([held(1, lock), wanted(2, request)]);
  expect(waits).toEqual(isBlocked ? [{ blocked: 2, blocker: 1 }] : []);
});

it('Who waits only because another waits before him, waits for that one.', () => {
  const locks = [held(1, 'SHARED_READ'), wanted(2, 'EXCLUSIVE'), wanted(3, 'SHARED_READ')];
  expect(metadataWaits(locks)).toEqual([
    { blocked: 2, blocker: 1 },
    { blocked: 3, blocker: 2 },
  ]);
});

it('Nobody waits for himself, or for what is held on something else.', () => {
  expect(metadataWaits([held(1, 'SHARED_UPGRADABLE'), wanted(1, 'EXCLUSIVE')])).toEqual([]);
  expect(metadataWaits([held(1, 'EXCLUSIVE', 'TABLE/mes/parts'), wanted(2, 'EXCLUSIVE')])).toEqual([]);
});
