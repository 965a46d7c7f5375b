import { isoTime } from '../../kit/clock.ts';
import { listen } from '../../kit/http-server.ts';
import { failSpan, withSpan } from '../../kit/tracing.ts';
import { callMes, type MesAccess } from '../mes-client.ts';
import type { ProcessContext, RunningProcess } from '../run-process.ts';
import type { EdgeSettings } from '../settings.ts';
import { SparseLog } from '../sparse-log.ts';
import { gatewayApp } from './app.ts';
import { type Delivery, Forwarder } from './forwarder.ts';
import { Jobs } from './jobs.ts';
import { Journal, type WaitingEntry } from './journal.ts';
import { readinessOf, sendHeartbeats, type WatchParts, watchJobs } from './mes-watch.ts';
import { Silences } from './silences.ts';

/** How often what was forwarded long ago is forgotten. */
const forgetEveryMs = 3_600_000;

/** Starts the gateway of one line: terminals work through it whether or not the MES answers. */
export async function startGateway(
  settings: EdgeSettings,
  { log, clock }: ProcessContext,
): Promise<RunningProcess> {
  const { line, mes, tokens } = settings;
  const sparse = new SparseLog(log, clock);
  const watch: WatchParts = { line, mes, clock, log: sparse, requestTimeoutMs: settings.request_timeout_ms };
  await using stack = new AsyncDisposableStack();
  const journal = stack.use(new Journal(settings.journal));
  const jobs = new Jobs(journal.database);
  const forwarder = stack.use(forwarderOf(settings, watch, journal, jobs));
  const devices = line.units.flatMap((unit) => unit.devices);
  const silences = new Silences(devices, clock);
  const end = new AbortController();
  const waits = (source: string) => journal.waits(source);
  const loops = [
    watchJobs(watch, { jobs, everyMs: settings.job_poll_ms, waits }, end.signal),
    sendHeartbeats(watch, { jobs, silences, everyMs: settings.heartbeat_ms }, end.signal),
    forgetOld(journal, settings.retention_ms, clock, end.signal),
  ];
  stack.defer(async () => {
    end.abort(new Error('the gateway ends'));
    await Promise.all(loops);
  });
  const onEntry = (source: string) => forwarder.call(source);
  const status = () => statusOf(journal, forwarder);
  const app = gatewayApp({ line, tokens, journal, jobs, silences, clock, log: sparse, onEntry, status });
  const server = stack.use(await listen(app, settings.listen));
  log.info({ url: server.url, line: line.id, weaken: settings.weaken }, 'the gateway is ready');
  const owned = stack.move();
  return { url: server.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function forwarderOf(settings: EdgeSettings, watch: WatchParts, journal: Journal, jobs: Jobs): Forwarder {
  const { mes, clock, log, requestTimeoutMs } = watch;
  return new Forwarder({
    journal,
    clock,
    log,
    deliver: (entry, signal) => forward(mes, entry, requestTimeoutMs, signal),
    mesReady: readinessOf(watch, settings.ready_poll_ms),
    onSettled: ({ source }) => jobs.touch(source),
    retryDelayMs: settings.retry_delay_ms,
    maxRetries: settings.max_retries,
    dropFailed: settings.weaken.includes('retry'),
  });
}

function statusOf(journal: Journal, { lastForwardedAt }: Forwarder): object {
  return {
    ...journal.counts(),
    retrying: journal.retrying(),
    lastForwardedAt: lastForwardedAt === undefined ? null : isoTime(lastForwardedAt),
  };
}

/** Each attempt is a span of the trace that the entry came with, however long ago that was. */
function forward(
  mes: MesAccess,
  entry: WaitingEntry,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Delivery> {
  const { traceparent, key, source, attempts, recovered } = entry;
  const attributes = () => ({
    'andon.idempotency_key': key,
    'andon.source': source,
    'andon.attempt': attempts + 1,
    'andon.recovered': recovered,
  });
  return withSpan('forward', { kind: 'consumer', from: { traceparent }, attributes }, async (span) => {
    const delivery = await deliver(mes, entry, timeoutMs, signal);
    if (delivery.outcome !== 'done') failSpan(span, delivery.answer);
    return delivery;
  });
}

/** 2xx is done. A 4xx will not change by asking again, except "too slow" and "too many". */
async function deliver(
  mes: MesAccess,
  entry: WaitingEntry,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Delivery> {
  const { path, key, source, body, caller, recovered } = entry;
  const sent = recovered && path === '/operations' ? { ...body, recovered } : body;
  const answer = await callMes(mes, {
    method: 'POST',
    path,
    key,
    body: sent,
    onBehalf: caller,
    terminal: source,
    timeoutMs,
    signal,
  });
  const text = `${answer.status} ${JSON.stringify(answer.body ?? null)}`;
  if (answer.status < 300) return { outcome: 'done', answer: text };
  const refused = answer.status >= 400 && answer.status < 500 && ![408, 429].includes(answer.status);
  return { outcome: refused ? 'refused' : 'failed', answer: text };
}

async function forgetOld(
  journal: Journal,
  retentionMs: number,
  clock: ProcessContext['clock'],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    journal.forgetDone(clock.now() - retentionMs);
    await clock.sleep(forgetEveryMs, signal).catch(() => {});
  }
}
