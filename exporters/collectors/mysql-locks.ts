import { UsageError } from '../../kit/errors.ts';
import { metrics } from '../catalogue.ts';
import { type Collected, type Collector, collectorTimeoutMs } from '../collector.ts';
import { isAboutTheStatement } from '../databases/mysql-errors.ts';
import { type LockSituation, lockSituation } from '../databases/mysql-locks/lock-situation.ts';
import { type Waiting, whoWaits } from '../databases/mysql-locks/who-waits.ts';
import { type CollectorKind, forEachTarget } from '../exporter-setup.ts';
import { type Sample, sample } from '../sample.ts';

const mostRoots = 5;
const mostPairs = 10;

/** Who waits for whom on MySQL 8 and MariaDB 10.6 or later, over a connection that nothing else uses. */
export const mysqlLocks: CollectorKind = forEachTarget(
  'mysql',
  (target, database, { sessions }): Collector => {
    const session = sessions.forLocks(target, database);
    const up = (value: number) => sample(metrics.dbUp, { target }, value);
    return {
      name: 'locks',
      target,
      timeoutMs: collectorTimeoutMs,
      whenSilent: [up(0)],
      async collect(run): Promise<Collected> {
        const samples: Sample[] = [];
        try {
          const waiting = await whoWaits(session, run);
          samples.push(up(1), ...waitSamples(target, waiting));
          samples.push(...blockerSamples(target, await lockSituation(waiting, session, run)));
          return { samples };
        } catch (failure) {
          // How many wait is known, though not for whom.
          if (samples.length > 0) return { samples, failure };
          return { samples: [up(hasAnswered(failure) ? 1 : 0)], failure };
        }
      },
      [Symbol.dispose]: () => {},
    };
  },
);

const hasAnswered = (failure: unknown): boolean =>
  isAboutTheStatement(failure) || failure instanceof UsageError;

function waitSamples(target: string, { sessions }: Waiting): Sample[] {
  const waits = sessions.filter((row) => row.is_here === 1).map(({ seconds }) => seconds);
  return [
    sample(metrics.dbBlockedSessions, { target }, waits.length),
    sample(metrics.dbOldestLockWait, { target }, Math.max(0, ...waits)),
  ];
}

const blockerSamples = (target: string, { roots, pairs }: LockSituation): Sample[] => [
  ...oldestRoots(roots).map(([application, seconds]) =>
    sample(metrics.dbRootBlockerTransaction, { target, application }, seconds),
  ),
  ...busiestPairs(pairs).map(([{ blocker, blocked }, count]) =>
    sample(metrics.dbBlockingSessions, { target, blocker, blocked }, count),
  ),
];

function oldestRoots(roots: LockSituation['roots']): [application: string, seconds: number][] {
  const byApplication = Map.groupBy(roots, ({ application }) => application);
  return [...byApplication]
    .map(([application, own]): [string, number] => [
      application,
      Math.max(...own.map(({ seconds }) => seconds)),
    ])
    .sort((a, b) => b[1] - a[1])
    .slice(0, mostRoots);
}

type Pair = LockSituation['pairs'][number];

function busiestPairs(pairs: readonly Pair[]): [Pair, sessions: number][] {
  const byNames = Map.groupBy(pairs, ({ blocker, blocked }) => JSON.stringify([blocker, blocked]));
  return [...byNames.values()]
    .flatMap((same): [Pair, number][] => {
      const [pair] = same;
      return pair === undefined ? [] : [[pair, new Set(same.map(({ session }) => session)).size]];
    })
    .sort((a, b) => b[1] - a[1])
    .slice(0, mostPairs);
}
