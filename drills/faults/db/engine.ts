import { UsageError } from '../../../kit/errors.ts';
import type { NamedTarget } from '../../fault.ts';
import type { DrillEngine } from './drill-session.ts';
import { MysqlEngine } from './mysql-engine.ts';
import { PostgresEngine } from './postgres-engine.ts';

/** Whose sessions, and where. */
export interface EngineWish {
  target: NamedTarget;
  run: string;
  /** The most sessions that the fault ever opens: MySQL finds them again by that many names. */
  seats: number;
}

/** The engine of a `postgres` or `mysql` target; throws UsageError for another kind. */
export function engineOf({ target: { name, target }, run, seats }: EngineWish): DrillEngine {
  if (target.kind === 'postgres') return new PostgresEngine(name, target, run);
  if (target.kind === 'mysql') return new MysqlEngine(name, target, run, seats);
  throw new UsageError('target.kind', `target "${name}" is a ${target.kind}, not a database`, {
    mend: 'Name a target with kind: postgres or kind: mysql',
  });
}

/** The sessions of the run that are still there, in words. */
export async function leftSessions(engine: DrillEngine, target: string): Promise<string[]> {
  return (await engine.ownSessions()).map(
    (id) => `session ${id} of ${engine.applicationName} is still there on ${target}`,
  );
}
