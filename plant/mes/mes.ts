import type { Express } from 'express';
import type { Connection } from 'rabbitmq-client';
import type { Clock } from '../../kit/clock.ts';
import { listen } from '../../kit/http-server.ts';
import { type Database, openDatabase } from '../database/database.ts';
import { ensureSchema } from '../database/ensure-schema.ts';
import { connectQueue } from '../queue/connection.ts';
import type { ProcessContext, RunningProcess } from '../run-process.ts';
import type { MesSettings } from '../settings.ts';
import { SparseLog } from '../sparse-log.ts';
import { Wake } from '../wake.ts';
import { mesApp } from './app.ts';
import { type AutoDispatchParts, autoDispatch } from './auto-dispatch.ts';
import type { CommandOptions } from './commands.ts';
import { DirectPublisher } from './direct-publisher.ts';
import { type RelayParts, relayOutbox } from './outbox-relay.ts';
import { Readiness } from './readiness.ts';
import { mesSchema, seedPlant } from './schema.ts';
import { SignatureService } from './signatures.ts';
import { noLimitMs } from './signatures-at-once.ts';
import { relaySignatures } from './signatures-relay.ts';

/** Idle connections that an instance keeps which only answers: it may have hardly any traffic. */
const keptBySecond = 4;

/** What the parts of the MES share. */
interface Core {
  settings: MesSettings;
  clock: Clock;
  log: SparseLog;
  database: Database;
  queue: Connection;
  idempotent: boolean;
  outbox: boolean;
  /** Called when there is something new in the outbox. */
  events: Wake;
  /** Called when a unit may have become idle, or there may be a new order. */
  changes: Wake;
  end: AbortController;
}

/** Starts the MES: it serves at once, answers 503 while its database is away, and is ready when it has its tables. */
export async function startMes(
  settings: MesSettings,
  { log, signal, clock }: ProcessContext,
): Promise<RunningProcess> {
  const core = openCore(settings, clock, new SparseLog(log, clock));
  const { database, idempotent } = core;
  const loops: Promise<void>[] = [];
  await using stack = new AsyncDisposableStack();
  // All at once: each would otherwise wait for an answer that only the end of another brings.
  stack.defer(async () => {
    core.end.abort();
    core.queue.unsafeDestroy();
    await Promise.all([database[Symbol.asyncDispose](), ...loops]);
  });
  const server = stack.use(await listen(appOf(core), settings.listen));
  if (settings.duties === 'all') {
    await ensureSchema(database, mesSchema({ idempotent }), { clock, log: core.log, signal }, (session) =>
      seedPlant(session, settings.lines),
    );
    loops.push(
      database.warmUp(),
      dispatchLoop(core),
      ...(core.outbox ? [relayLoop(core)] : []),
      ...signatureLoops(core),
    );
  }
  log.info({ url: server.url, weaken: settings.weaken }, 'the MES is ready');
  const owned = stack.move();
  return { url: server.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function openCore(settings: MesSettings, clock: Clock, log: SparseLog): Core {
  const end = new AbortController();
  const poolMax = settings.weaken.includes('pool') ? 2 : settings.pool_max;
  const keepOpen = settings.duties === 'all' ? poolMax : keptBySecond;
  return {
    settings,
    clock,
    log,
    database: openDatabase('mes', settings, poolMax, keepOpen),
    queue: connectQueue('mes', settings, log),
    idempotent: !settings.weaken.includes('idempotency'),
    outbox: !settings.weaken.includes('outbox'),
    events: new Wake(end.signal),
    changes: new Wake(end.signal),
    end,
  };
}

function appOf(core: Core): Express {
  const { settings, clock, log, database, queue, idempotent, outbox, events, changes } = core;
  const direct = outbox ? undefined : new DirectPublisher(queue, log);
  return mesApp({
    database,
    readiness: new Readiness(database, clock, settings.ready_timeout_ms),
    tokens: settings.tokens,
    options: {
      freshMs: settings.fresh_ms,
      idempotent,
      outbox,
      workMs: settings.report_work_ms,
      signatures: signaturesOf(core),
    },
    log,
    onEvent: () => events.call(),
    onLooseEvent: (event) => direct?.publish(event),
    onChange: () => changes.call(),
    failRatio: settings.defect?.fail_ratio ?? 0,
  });
}

function dispatchLoop({ settings, clock, log, database, outbox, events, changes, end }: Core): Promise<void> {
  const parts: AutoDispatchParts = {
    database,
    clock,
    log,
    changes,
    onEvent: () => events.call(),
    lines: settings.lines.map(({ id }) => id),
    intervalMs: settings.dispatch_interval_ms,
    freshMs: settings.fresh_ms,
    outbox,
  };
  return autoDispatch(parts, end.signal);
}

function relayLoop({ settings, clock, log, database, queue, events, end }: Core): Promise<void> {
  const parts: RelayParts = {
    database,
    queue,
    clock,
    log,
    news: events,
    intervalMs: settings.relay_interval_ms,
    pollMs: settings.relay_poll_ms,
    batch: settings.relay_batch,
    confirmTimeoutMs: settings.confirm_timeout_ms,
  };
  return relayOutbox(parts, end.signal);
}

function signaturesOf({ settings, end }: Core): CommandOptions['signatures'] {
  const { signatures, weaken } = settings;
  if (signatures === undefined) return undefined;
  if (!weaken.includes('signature')) return {};
  const service = new SignatureService(signatures.url, noLimitMs);
  return { atOnce: (request) => service.sign(request, end.signal) };
}

function signatureLoops({ settings, clock, log, database, end }: Core): Promise<void>[] {
  const { signatures, weaken } = settings;
  if (signatures === undefined || weaken.includes('signature')) return [];
  const parts = {
    database,
    service: new SignatureService(signatures.url, signatures.timeout_ms),
    clock,
    log,
    pauseMs: signatures.pause_ms,
    intervalMs: signatures.interval_ms,
    batch: signatures.batch,
  };
  return [relaySignatures(parts, end.signal)];
}
