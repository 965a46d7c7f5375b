import { z } from 'zod';
import type { Clock } from '../kit/clock.ts';
import { messageOf } from '../kit/errors.ts';
import type { Log } from '../kit/log.ts';
import type { Report } from './report/schema.ts';

const runsSchema = z.array(
  z.object({
    runbook: z.string(),
    alert: z.string().nullable().optional(),
    startedAt: z.string().nullable(),
    finishedAt: z.string().nullable(),
    outcome: z.string(),
  }),
);

/** What a drill asks of the runbook service: which runbooks ran, and to hold still while time alone shall heal. */
export class RunbookWatch {
  readonly #url: string;
  readonly #deps: { fetch: typeof fetch; token?: string | undefined; clock: Clock; log: Log };

  constructor(
    url: string,
    deps: { fetch: typeof fetch; token?: string | undefined; clock: Clock; log: Log },
  ) {
    this.#url = url.replace(/\/$/, '');
    this.#deps = deps;
  }

  async healthy(): Promise<boolean> {
    return (await this.#call('GET', '/-/healthy')).ok;
  }

  /** The runs since a moment (ISO 8601), oldest first. */
  async runs(since: string): Promise<Report['runbooks']> {
    const response = await this.#call('GET', `/runs?${new URLSearchParams({ since })}`);
    const runs = runsSchema.parse(await response.json());
    return runs.map(({ runbook, alert, startedAt, finishedAt, outcome }) => ({
      name: runbook,
      alert: alert ?? '',
      startedAt,
      finishedAt,
      outcome,
    }));
  }

  /**
   * Holds all runbooks as a lease of 10 s, renewed every 3 s, so that a dead drill never leaves them switched off.
   * Disposing gives them free.
   */
  async hold(holder: string): Promise<AsyncDisposable> {
    const renew = async () => {
      const response = await this.#call('PUT', '/hold', { holder, leaseMs: 10_000 });
      if (!response.ok) throw new Error(`the runbook service refused to hold: HTTP ${response.status}`);
    };
    await renew();
    const timer = setInterval(() => {
      renew().catch((error: unknown) => this.#deps.log.warn({ error: messageOf(error) }, 'hold not renewed'));
    }, 3000);
    return {
      [Symbol.asyncDispose]: async () => {
        clearInterval(timer);
        await this.#call('DELETE', `/hold?${new URLSearchParams({ holder })}`);
      },
    };
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
      signal: AbortSignal.timeout(5000),
    });
  }
}
