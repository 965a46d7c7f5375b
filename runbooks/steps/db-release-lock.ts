import { z } from 'zod';
import { duration, promDuration } from '../../kit/duration.ts';
import type { TargetOf } from '../../kit/targets.ts';
import { isSqlTarget, placeOf, sqlKinds } from '../sql/session.ts';
import { type NamedTarget, type PlanWorld, type Step, targetOfKind } from '../step.ts';
import { releaseOnMysql } from './db-release-lock/mysql.ts';
import { releaseOnPostgres } from './db-release-lock/postgres.ts';

const params = z.strictObject({
  /** A transaction younger than this is work, not a forgotten one. */
  older_than: duration.prefault('5s'),
});
type Params = z.output<typeof params>;

/** Ends the one session that the longest queue of a database waits for. */
export const dbReleaseLock: Step<Params> = {
  kind: 'db.release-lock',
  summary: 'end the database session that all others wait for',
  params,
  targets: sqlKinds,
  // Who stands in the way the second time may be somebody else.
  repeatable: () => false,
  plan({ older_than }, world) {
    const { name, target } = databaseOf(world);
    const spared = target.protect.length === 0 ? 'nobody is protected' : `never ${target.protect.join(', ')}`;
    const engine = target.kind === 'postgres' ? 'PostgreSQL' : 'the server';
    return [
      {
        does: `terminate one session: the root of the longest queue of lock waiters, in a transaction for ${promDuration(older_than)} or longer (${spared})`,
        on: `${name} (${placeOf(target)})`,
        undo: `none: ${engine} rolls back what the session had not committed, and its client must connect again`,
      },
    ];
  },
  run({ older_than }, world, signal) {
    return databaseOf(world).target.kind === 'postgres'
      ? releaseOnPostgres(targetOfKind(world, 'postgres'), older_than, world, signal)
      : releaseOnMysql(targetOfKind(world, 'mysql'), older_than, world, signal);
  },
};

function databaseOf({ target }: Pick<PlanWorld, 'target'>): NamedTarget<TargetOf<'postgres' | 'mysql'>> {
  if (!target || !isSqlTarget(target.target)) throw new TypeError('the step needs a database');
  return { name: target.name, target: target.target };
}
