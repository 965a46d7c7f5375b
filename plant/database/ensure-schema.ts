import type { Clock } from '../../kit/clock.ts';
import type { SparseLog } from '../sparse-log.ts';
import type { Database, Session } from './database.ts';

/** Two processes that start together take turns; the number is the same for every schema of the plant. */
const takeTurns = 'SELECT pg_advisory_xact_lock(7261001);';

/** Creates what is missing, asking again and again until the database answers. */
export async function ensureSchema(
  database: Database,
  ddl: string,
  { clock, log, signal }: { clock: Clock; log: SparseLog; signal: AbortSignal },
  seed: (session: Session) => Promise<unknown> = async () => {},
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      await database.run(async (session) => {
        await session.script(takeTurns + ddl);
        await seed(session);
      });
      return;
    } catch (error) {
      log.failure('the schema cannot be ensured yet', error);
      await clock.sleep(500, signal);
    }
  }
}
