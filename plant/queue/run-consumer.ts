import type { ListenAddress } from '../../kit/http-server.ts';
import { type Database, type DatabaseSettings, openDatabase, type Session } from '../database/database.ts';
import { ensureSchema } from '../database/ensure-schema.ts';
import type { ProcessContext } from '../run-process.ts';
import { SparseLog } from '../sparse-log.ts';
import { connectQueue, type QueueSettings } from './connection.ts';
import {
  type ConsumerCounts,
  type ConsumerSettings,
  consumeOperations,
  type ReceivedOperation,
} from './consume.ts';

/** What makes one consuming system: its queue, its tables, and how it books operations into them. */
export interface ConsumingSystem {
  name: string;
  queue: string;
  schema: string;
  apply(session: Session, operations: readonly ReceivedOperation[]): Promise<unknown>;
}

/** A consuming system at work, until it is disposed of. */
export interface RunningConsumer extends AsyncDisposable {
  readonly database: Database;
  readonly counts: ConsumerCounts;
}

/** One connection writes batches, another is for whoever looks at the tables. */
const poolMax = 2;

/** Opens database and queue of a consuming system, makes its tables, and begins to consume. */
export async function runConsumer(
  system: ConsumingSystem,
  settings: DatabaseSettings & QueueSettings & ConsumerSettings & { listen: ListenAddress },
  { log, clock, signal }: ProcessContext,
): Promise<RunningConsumer> {
  const sparse = new SparseLog(log, clock);
  const end = new AbortController();
  const database = openDatabase(system.name, settings, poolMax);
  await using stack = new AsyncDisposableStack();
  stack.use(database);
  await ensureSchema(database, system.schema, { clock, log: sparse, signal });
  const queue = connectQueue(system.name, settings, sparse);
  // Unacknowledged messages come again at the next start, and are known then.
  stack.defer(() => {
    end.abort(new Error(`${system.name} ends`));
    queue.unsafeDestroy();
  });
  const counts = consumeOperations(
    queue,
    system.queue,
    settings,
    (operations) => database.run((session) => system.apply(session, operations)).then(() => {}),
    { clock, log: sparse, signal: end.signal },
  );
  const owned = stack.move();
  return { database, counts, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
