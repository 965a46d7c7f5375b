import { z } from 'zod';
import type { Clock } from '../kit/clock.ts';
import { messageOf } from '../kit/errors.ts';
import type { Log } from '../kit/log.ts';
import type { Report } from './report/schema.ts';
import { runbookRun, toReport } from './runbook-run.ts';

/** A lease is given for so long and renewed so often: a drill that dies leaves nothing behind that lasts. */
const leaseMs = 10_000;
const renewEveryMs = 3000;
/** The service answers from its own disk: what takes longer does not answer at all. */
const answerWithinMs = 5000;

const knownRunbook = z.object({ id: z.string(), hash: z.string() });
/** A runbook as the service has it now: `hash` is that of its very text. */
export type KnownRunbook = z.output<typeof knownRunbook>;

/** How a drill of a runbook ended. */
export interface Proof {
  runbook: string;
  drill: string;
  /** The run of the drill. */
  run: string;
  passed: boolean;
  /** The very text that ran. */
  hash: string;
}

const trustAnswer = z.object({ trust: z.object({ mayAct: z.boolean(), because: z.string() }) });
export type Trust = z.output<typeof trustAnswer>['trust'];

/** The service answered, and not with what was asked for. */
export class RunbookServiceError extends Error {
  readonly status: number;

  constructor(what: string, status: number) {
    super(`the runbook service refused ${what}: HTTP ${status}`);
    this.status = status;
  }
}

export interface RunbookWatchDeps {
  fetch: typeof fetch;
  token?: string | undefined;
  clock: Clock;
  log: Log;
}

/** What a drill asks of the runbook service: which runbooks ran, to hold still while time alone shall heal, or to be rehearsed. */
export class RunbookWatch {
  readonly #url: string;
  readonly #deps: RunbookWatchDeps;

  constructor(url: string, deps: RunbookWatchDeps) {
    this.#url = url.replace(/\/$/, '');
    this.#deps = deps;
  }

  async healthy(): Promise<boolean> {
    return (await this.#call('GET', '/-/healthy')).ok;
  }

  /** The runs since a moment (ISO 8601), oldest first. */
  async runs(since: string): Promise<Report['runbooks']> {
    const response = await this.#demand('its runs', 'GET', `/runs?${new URLSearchParams({ since })}`);
    return z
      .array(runbookRun)
      .parse(await response.json())
      .map(toReport);
  }

  /** The runbooks that the service knows. */
  async known(): Promise<KnownRunbook[]> {
    const response = await this.#demand('its list of runbooks', 'GET', '/runbooks');
    return z.array(knownRunbook).parse(await response.json());
  }

  /** Holds all runbooks as a renewed lease, so that a dead drill never leaves them switched off. Disposing gives them free. */
  hold(holder: string): Promise<AsyncDisposable> {
    return this.#lease('to hold', '/hold', holder, {});
  }

  /**
   * Lets this runbook act although it is not proven yet, as a renewed lease: that is how it is proven. Of production targets it may
   * touch only those of `production`; of those that alerts choose, only those of `targets`. Disposing ends it.
   */
  async rehearse(
    runbook: string,
    holder: string,
    { production, targets }: { production: readonly string[]; targets: readonly string[] },
  ): Promise<AsyncDisposable> {
    const lease = (about: object) =>
      this.#lease(`to let ${runbook} be rehearsed`, '/rehearsals', holder, { runbook, production, ...about });
    try {
      return await lease({ targets });
    } catch (error) {
      // An older service refuses a field that it does not know.
      if (!(error instanceof RunbookServiceError) || error.status !== 400) throw error;
      return await lease({});
    }
  }

  /** Puts on record how a drill of a runbook ended; what that makes of it. */
  async prove(proof: Proof): Promise<Trust> {
    const response = await this.#demand('the proof', 'POST', '/proofs', proof);
    return trustAnswer.parse(await response.json()).trust;
  }

  /** How a person puts on record what the service could not be told. */
  proveByHand(proof: Proof): string {
    return `curl -X POST -H "Authorization: Bearer $TOKEN" -d '${JSON.stringify(proof)}' ${this.#url}/proofs`;
  }

  async #lease(what: string, path: string, holder: string, about: object): Promise<AsyncDisposable> {
    const renew = async () => {
      await this.#demand(what, 'PUT', path, { ...about, holder, leaseMs });
    };
    await renew();
    let renewing = Promise.resolve();
    const timer = setInterval(() => {
      renewing = renew().catch((error: unknown) =>
        this.#deps.log.warn({ error: messageOf(error) }, `not renewed: ${what}`),
      );
    }, renewEveryMs);
    return {
      [Symbol.asyncDispose]: async () => {
        clearInterval(timer);
        // One that is on its way would take the lease again.
        await renewing;
        await this.#demand(what, 'DELETE', `${path}?${new URLSearchParams({ holder })}`);
      },
    };
  }

  async #demand(what: string, method: string, path: string, body?: unknown): Promise<Response> {
    const response = await this.#call(method, path, body);
    if (response.ok) return response;
    await response.body?.cancel();
    throw new RunbookServiceError(what, response.status);
  }

  #call(method: string, path: string, body?: unknown): Promise<Response> {
    const { token } = this.#deps;
    return this.#deps.fetch(`${this.#url}${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(answerWithinMs),
    });
  }
}
