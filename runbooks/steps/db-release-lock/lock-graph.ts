/** A session that waits for a lock, and those that stand in its way (`pg_blocking_pids`). */
export interface Waiter {
  pid: number;
  blockedBy: readonly number[];
}

/**
 * Who is at the root: blocks somebody and waits for nobody. For each root the sessions that wait behind it, however
 * far back. A ring of waiters has no root: the server's deadlock detector ends it.
 * Process 0 stands for a prepared transaction.
 */
export function rootBlockers(waiters: readonly Waiter[]): Map<number, Set<number>> {
  const blockedBy = new Map(waiters.map((waiter) => [waiter.pid, waiter.blockedBy]));
  const behind = new Map<number, Set<number>>();
  for (const { pid } of waiters) {
    for (const root of rootsAbove(pid, blockedBy)) {
      const queue = behind.get(root) ?? new Set<number>();
      behind.set(root, queue.add(pid));
    }
  }
  return behind;
}

/** One root and how many of ours wait behind it. */
export interface Queue {
  pid: number;
  waiting: number;
}

/** The roots with somebody of ours behind them, the longest queue first. */
export const longestQueues = (waiters: readonly Waiter[], ours: ReadonlySet<number>): Queue[] =>
  [...rootBlockers(waiters)]
    .map(([pid, behind]) => ({ pid, waiting: [...behind].filter((one) => ours.has(one)).length }))
    .filter(({ waiting }) => waiting > 0)
    .toSorted((a, b) => b.waiting - a.waiting);

function rootsAbove(pid: number, blockedBy: ReadonlyMap<number, readonly number[]>): Set<number> {
  const roots = new Set<number>();
  const seen = new Set([pid]);
  const open = [...(blockedBy.get(pid) ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const above = blockedBy.get(next) ?? [];
    if (above.length === 0) roots.add(next);
    open.push(...above);
  }
  return roots;
}
