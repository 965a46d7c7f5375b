import type { OperationStats } from '../mes/operation-stats.ts';
import { callMes } from '../mes-client.ts';
import type { Releases } from './releases.ts';
import type { ServedVersion } from './served-version.ts';

/** What `/-/stats` of a MES says. */
interface MesStats {
  operations: Record<string, OperationStats>;
  pool: Record<string, number>;
}

/** A version on trial that keeps us waiting longer than this is taken for what it said last. */
const candidateLimitMs = 500;

/**
 * What the versions count together: to whoever scrapes it there is one MES. Counters never fall, so what a version has counted stays
 * in the sum when it goes; until the MES itself was started anew and begins at nothing.
 */
export class MergedStats {
  readonly #seen = new Map<ServedVersion, MesStats['operations']>();
  readonly #left = new WeakSet<ServedVersion>();
  #departed: MesStats['operations'] = {};
  #counted = 0;

  /** Asks all of them. It fails, or waits, as the stable one does. */
  async ask(releases: Releases, signal: AbortSignal): Promise<MesStats> {
    const { stable, running } = releases;
    const others = running.filter((version) => version !== stable && !this.#left.has(version));
    const [main, ...more] = await Promise.all([
      statsOf(stable, signal),
      ...others.map((version) => statsOf(version, signal, candidateLimitMs).catch(() => undefined)),
    ]);
    const answers = [main, ...more];
    [stable, ...others].forEach((version, index) => {
      const answer = answers[index];
      if (answer) this.#note(version, answer.operations, version === stable && others.length === 0);
    });
    const pools = answers.flatMap((answer) => (answer ? [answer.pool] : []));
    return { operations: sum([this.#departed, ...this.#seen.values()]), pool: pools.reduce(added) };
  }

  /** A version goes: its last figures stay. */
  async leave(version: ServedVersion): Promise<void> {
    const last = await statsOf(version, new AbortController().signal, candidateLimitMs).catch(
      () => undefined,
    );
    const operations = last?.operations ?? this.#seen.get(version) ?? {};
    this.#left.add(version);
    this.#seen.delete(version);
    this.#departed = sum([this.#departed, operations]);
  }

  #note(version: ServedVersion, operations: MesStats['operations'], isAlone: boolean): void {
    if (this.#left.has(version)) return;
    const counted = Object.values(operations).reduce((all, { total }) => all + total, 0);
    if (isAlone) {
      if (counted < this.#counted) this.#departed = {};
      this.#counted = counted;
    }
    this.#seen.set(version, operations);
  }
}

async function statsOf({ url }: ServedVersion, signal: AbortSignal, timeoutMs = 60_000): Promise<MesStats> {
  const { status, body } = await callMes(
    { url, token: 'none' },
    { method: 'GET', path: '/-/stats', timeoutMs, signal },
  );
  if (status !== 200) throw new Error(`the statistics of ${url} answered ${status}`);
  return body as MesStats;
}

function sum(all: readonly MesStats['operations'][]): MesStats['operations'] {
  const total: MesStats['operations'] = {};
  for (const operations of all)
    for (const [name, stats] of Object.entries(operations))
      total[name] = total[name] ? merged(total[name], stats) : stats;
  return total;
}

const merged = (a: OperationStats, b: OperationStats): OperationStats => ({
  total: a.total + b.total,
  failed: a.failed + b.failed,
  wait: {
    // The bounds are the program's own, so the same in all of them.
    buckets: a.wait.buckets.map(({ le, count }, index) => ({
      le,
      count: count + (b.wait.buckets[index]?.count ?? 0),
    })),
    sum: a.wait.sum + b.wait.sum,
    count: a.wait.count + b.wait.count,
  },
});

const added = (a: Record<string, number>, b: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(a).map(([name, value]) => [name, value + (b[name] ?? 0)]));
