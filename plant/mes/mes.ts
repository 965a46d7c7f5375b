import { listen } from '../../kit/http-server.ts';
import { openDatabase } from '../database/database.ts';
import { ensureSchema } from '../database/ensure-schema.ts';
import { connectQueue } from '../queue/connection.ts';
import type { ProcessContext, RunningProcess } from '../run-process.ts';
import type { MesSettings } from '../settings.ts';
import { SparseLog } from '../sparse-log.ts';
import { Wake } from '../wake.ts';
import { mesApp } from './app.ts';
import { type AutoDispatchParts, autoDispatch } from './auto-dispatch.ts';
import { DirectPublisher } from './direct-publisher.ts';
import { relayOutbox } from './outbox-relay.ts';
import { Readiness } from './readiness.ts';
import { mesSchema, seedPlant } from './schema.ts';

/** Starts the MES: it serves at once, answers 503 while its database is away, and is ready when it has its tables. */
export async function startMes(
  settings: MesSettings,
  { log, signal, clock }: ProcessContext,
): Promise<RunningProcess> {
  const sparse = new SparseLog(log, clock);
  const idempotent = !settings.weaken.includes('idempotency');
  const outbox = !settings.weaken.includes('outbox');
  const poolMax = settings.weaken.includes('pool') ? 2 : settings.pool_max;
  const end = new AbortController();
  const events = new Wake(end.signal);
  const changes = new Wake(end.signal);
  const onEvent = () => events.call();

  const database = openDatabase('mes', settings, poolMax, poolMax);
  const queue = connectQueue('mes', settings, sparse);
  const loops: Promise<void>[] = [];
  await using stack = new AsyncDisposableStack();
  // All at once: each would otherwise wait for an answer that only the end of another brings.
  stack.defer(async () => {
    end.abort();
    queue.unsafeDestroy();
    await Promise.all([database[Symbol.asyncDispose](), ...loops]);
  });

  const direct = outbox ? undefined : new DirectPublisher(queue, sparse);
  const freshMs = settings.fresh_ms;
  const server = await listen(
    mesApp({
      database,
      readiness: new Readiness(database, clock, settings.ready_timeout_ms),
      tokens: settings.tokens,
      options: { freshMs, idempotent, outbox },
      log: sparse,
      onEvent,
      onLooseEvent: (event) => direct?.publish(event),
      onChange: () => changes.call(),
    }),
    settings.listen,
  );
  stack.use(server);
  await ensureSchema(database, mesSchema({ idempotent }), { clock, log: sparse, signal }, (session) =>
    seedPlant(session, settings.lines),
  );
  loops.push(database.warmUp());
  if (outbox)
    loops.push(
      relayOutbox({ database, queue, clock, log: sparse, news: events, ...relayTimes(settings) }, end.signal),
    );
  const dispatch: AutoDispatchParts = {
    database,
    clock,
    log: sparse,
    changes,
    onEvent,
    lines: settings.lines.map(({ id }) => id),
    intervalMs: settings.dispatch_interval_ms,
    freshMs,
    outbox,
  };
  loops.push(autoDispatch(dispatch, end.signal));
  log.info({ url: server.url, weaken: settings.weaken }, 'the MES is ready');
  const owned = stack.move();
  return { url: server.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const relayTimes = (settings: MesSettings) => ({
  intervalMs: settings.relay_interval_ms,
  pollMs: settings.relay_poll_ms,
  batch: settings.relay_batch,
  confirmTimeoutMs: settings.confirm_timeout_ms,
});
