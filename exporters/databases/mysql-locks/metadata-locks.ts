import type { MetadataLockRow, WaitsForRow } from './lock-queries.ts';

const exclusive = 'EXCLUSIVE';
const writes = ['SHARED_WRITE', 'SHARED_WRITE_LOW_PRIO'];
const strong = ['SHARED_NO_READ_WRITE', exclusive];
const upgradable = ['SHARED_UPGRADABLE', 'SHARED_NO_WRITE', ...strong];

/**
 * Which lock stands in the way of which, both ways. Source: the tables of compatibility in the MySQL Source Code Documentation,
 * class MDL_lock; MariaDB names and means them alike.
 */
const conflicts = new Map<string, readonly string[]>([
  ['INTENTION_EXCLUSIVE', ['SHARED', exclusive]],
  ['SHARED', ['INTENTION_EXCLUSIVE', exclusive]],
  ['SHARED_HIGH_PRIO', [exclusive]],
  ['SHARED_READ', strong],
  ['SHARED_WRITE', ['SHARED_READ_ONLY', 'SHARED_NO_WRITE', ...strong]],
  ['SHARED_WRITE_LOW_PRIO', ['SHARED_READ_ONLY', 'SHARED_NO_WRITE', ...strong]],
  ['SHARED_READ_ONLY', [...writes, ...strong]],
  ['SHARED_UPGRADABLE', upgradable],
  ['SHARED_NO_WRITE', [...writes, ...upgradable]],
  ['SHARED_NO_READ_WRITE', ['SHARED_READ', 'SHARED_READ_ONLY', ...writes, ...upgradable]],
]);

/** Locks of MariaDB that every statement takes, and that only a backup or FLUSH TABLES WITH READ LOCK stands in the way of. */
const ordinary = [
  'BACKUP_DML',
  'BACKUP_TRANS_DML',
  'BACKUP_SYS_DML',
  'BACKUP_DDL',
  'BACKUP_ALTER_COPY',
  'BACKUP_COMMIT',
];

function isInTheWay(held: string, wanted: string): boolean {
  if (held === exclusive || wanted === exclusive) return true;
  if (held.startsWith('BACKUP_')) return !(ordinary.includes(held) && ordinary.includes(wanted));
  return conflicts.get(wanted)?.includes(held) ?? false;
}

/** Who waits for whom: for who holds the lock; where nobody holds it, for who stands before him in the queue. */
export function metadataWaits(locks: readonly MetadataLockRow[]): WaitsForRow[] {
  return [...Map.groupBy(locks, ({ object }) => object).values()].flatMap((onObject) =>
    onObject.filter(({ is_pending }) => is_pending === 1).flatMap((wanted) => waitsOf(wanted, onObject)),
  );
}

function waitsOf(wanted: MetadataLockRow, onObject: readonly MetadataLockRow[]): WaitsForRow[] {
  const inTheWay = onObject.filter(
    (lock) => lock.session !== wanted.session && isInTheWay(lock.type, wanted.type),
  );
  const holders = inTheWay.filter(({ is_pending }) => is_pending === 0);
  const blockers = holders.length > 0 ? holders : inTheWay;
  return [...new Set(blockers.map(({ session }) => session))].map((blocker) => ({
    blocked: wanted.session,
    blocker,
  }));
}
