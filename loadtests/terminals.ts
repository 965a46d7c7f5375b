import path from 'node:path';
import { z } from 'zod';
import type { Clock } from '../kit/clock.ts';
import { UsageError } from '../kit/errors.ts';
import type { Log } from '../kit/log.ts';
import { modulePath } from '../kit/module-path.ts';
import { NdjsonFile } from '../kit/ndjson.ts';
import { waitFor } from '../kit/wait.ts';
import { K6Process } from './k6-process.ts';
import { type RequestRecord, requestRecordSchema } from './request-record.ts';

/** How the users behave; the defaults make 200 users about 180 requests a second. */
export interface TerminalsPace {
  /** Pieces an order asks for. */
  quantity: number;
  /** The mean pause before each request; it varies by 30 %. */
  thinkMs: number;
  /** How long a user waits for an answer. */
  timeoutMs: number;
  /** The pause before the same request is sent again. */
  retryMs: number;
  /** Over how long the users come in. */
  rampMs: number;
}

export interface TerminalsDeps {
  /** The k6 program; see find-k6.ts. */
  k6: string;
  mesUrl: string;
  /** A token of the role `system`: through it a terminal speaks for its director and its operator. */
  token: string;
  /** The run's folder: `requests.ndjson` and `acknowledgements/terminals.ndjson` are appended to there. */
  dir: string;
  /** What k6 inherits of the environment. */
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  log: Log;
  pace?: Partial<TerminalsPace>;
}

export interface TerminalsRequest {
  profile: string;
  users: number;
  durationMs: number;
  /** Put into k6's environment as `ANDON_MARK`, so that another process can find and end it. */
  mark: string;
}

export interface RunningTerminals extends AsyncDisposable {
  /** Requests that the users have made so far. */
  requests(): Promise<number>;
  /** Resolves when all users are done; rejects when k6 itself broke. */
  finished: Promise<void>;
}

const usualPace: TerminalsPace = { quantity: 5, thinkMs: 1000, timeoutMs: 5000, retryMs: 1000, rampMs: 5000 };
// Compiling the script and making 200 users takes k6 about a second; a busy plant server may need far longer.
const startTimeoutMs = 60_000;

/** Makes the load profile `terminals`: a drill's LoadStarter whose users are played by k6. */
export function terminalsLoad(deps: TerminalsDeps) {
  const busy = new Set<{ first: number; users: number }>();
  return async (request: TerminalsRequest, signal: AbortSignal): Promise<RunningTerminals> => {
    if (request.profile !== 'terminals')
      throw new UsageError(
        'load.unknown-profile',
        `no load profile "${request.profile}"; known is terminals`,
      );
    signal.throwIfAborted();
    // Two crowds at once must not share work units, else one source would be counted by two.
    const first = Math.max(0, ...[...busy].map((crowd) => crowd.first + crowd.users));
    const crowd = { first, users: request.users };
    busy.add(crowd);
    const records = new Records(deps.dir);
    const k6 = new K6Process(modulePath(import.meta.url, './terminals.k6'), {
      ...deps,
      env: { ...deps.env, ...scriptSettings(deps, request, first) },
      onLine: (line) => records.take(line),
    });
    const end = () => {
      records.endAt(deps.clock.now());
      return k6[Symbol.asyncDispose]();
    };
    const stop = () => void end();
    signal.addEventListener('abort', stop, { once: true });
    void k6.closed.then(() => {
      signal.removeEventListener('abort', stop);
      records[Symbol.dispose]();
      busy.delete(crowd);
    });
    await untilStarted(k6, records, deps.clock, signal);
    return {
      requests: () => Promise.resolve(records.requests),
      finished: k6.finished,
      [Symbol.asyncDispose]: end,
    };
  };
}

async function untilStarted(k6: K6Process, records: Records, clock: Clock, signal: AbortSignal) {
  try {
    await waitFor(() => records.started || k6.ended, {
      what: 'k6',
      timeoutMs: startTimeoutMs,
      everyMs: 50,
      signal,
      clock,
    });
    if (!records.started) await k6.finished;
  } catch (error) {
    await k6[Symbol.asyncDispose]();
    throw error;
  }
}

const lineSchema = z.strictObject({
  started: z.string().optional(),
  request: requestRecordSchema.optional(),
  acknowledged: z.record(z.string(), z.unknown()).optional(),
});

/** Takes the script's lines apart into the run's two files. */
class Records implements Disposable {
  started = false;
  requests = 0;
  #endMs = Number.POSITIVE_INFINITY;
  readonly #acknowledgements: NdjsonFile;
  readonly #requests: NdjsonFile;

  constructor(dir: string) {
    // Not fsynced: what the computer forgets here when it crashes is only not counted, and the disk is the plant's.
    this.#requests = new NdjsonFile(path.join(dir, 'requests.ndjson'), { durable: false });
    this.#acknowledgements = new NdjsonFile(path.join(dir, 'acknowledgements', 'terminals.ndjson'), {
      durable: false,
    });
  }

  take(line: string): boolean {
    const parsed = parse(line);
    if (!parsed) return false;
    this.started = true;
    if (parsed.acknowledged) this.#acknowledgements.append(parsed.acknowledged);
    if (parsed.request && !this.#isCutShort(parsed.request)) {
      this.#requests.append(parsed.request);
      this.requests += 1;
    }
    return true;
  }

  /** From now on the users are sent home. */
  endAt(ms: number): void {
    this.#endMs = Math.min(this.#endMs, ms);
  }

  /** A request that was on its way when we stopped k6 did not fail: nobody waited for its answer any more. */
  #isCutShort({ at, ms, status }: RequestRecord): boolean {
    return status === 0 && Date.parse(at) + ms >= this.#endMs;
  }

  [Symbol.dispose](): void {
    this.#requests[Symbol.dispose]();
    this.#acknowledgements[Symbol.dispose]();
  }
}

function parse(line: string): z.infer<typeof lineSchema> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return lineSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function scriptSettings(deps: TerminalsDeps, request: TerminalsRequest, firstUnit: number) {
  const pace = { ...usualPace, ...deps.pace };
  const now = deps.clock.now();
  return {
    ANDON_MARK: request.mark,
    ANDON_MES_URL: deps.mesUrl.replace(/\/$/, ''),
    ANDON_MES_TOKEN: deps.token,
    ANDON_RUN_TAG: now.toString(36),
    ANDON_USERS: String(request.users),
    ANDON_DURATION_MS: String(request.durationMs),
    ANDON_FIRST_UNIT: String(firstUnit),
    // A source's sequence must rise from run to run too. Nobody reports ten pieces a second, so tenths of seconds do.
    ANDON_FIRST_SEQ: String(Math.floor(now / 100)),
    ANDON_QUANTITY: String(pace.quantity),
    ANDON_THINK_MS: String(pace.thinkMs),
    ANDON_TIMEOUT_MS: String(pace.timeoutMs),
    ANDON_RETRY_MS: String(pace.retryMs),
    ANDON_RAMP_MS: String(Math.min(pace.rampMs, Math.floor(request.durationMs / 2))),
  };
}
