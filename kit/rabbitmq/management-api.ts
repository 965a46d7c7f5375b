import type { z } from 'zod';
import { messageOf, UnavailableError } from '../errors.ts';
import type { TargetOf } from '../targets.ts';
import { virtualHostOf } from './amqp-session.ts';

/** An answer that takes longer tells nothing in time: a drill's own lease is 4 s. */
const answerLimitMs = 4000;

/**
 * The management API of a RabbitMQ, as a drill uses it: answers are parsed, "not found" is an answer like any other, and whatever
 * else goes wrong says what to do about it. The password is in a header and in no error.
 */
export class ManagementApi {
  /** Host and port, for sentences. */
  readonly address: string;
  readonly virtualHost: string;
  readonly #base: string;
  readonly #authorization: string;
  readonly #fetch: typeof fetch;

  constructor({ management, url }: TargetOf<'rabbitmq'>, fetchFrom: typeof fetch) {
    const base = new URL(management);
    const credentials = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`;
    this.#authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    base.username = '';
    base.password = '';
    this.#base = base.href.replace(/\/$/, '');
    this.address = base.host;
    this.virtualHost = virtualHostOf(url);
    this.#fetch = fetchFrom;
  }

  /** The path of something in the target's virtual host: `/api/KIND/VHOST/NAME…`. */
  path(kind: string, ...names: readonly string[]): string {
    return `/api/${[kind, ...[this.virtualHost, ...names].map(encodeURIComponent)].join('/')}`;
  }

  /** What stands at a path; undefined where there is nothing. */
  async get<S extends z.ZodType>(
    path: string,
    schema: S,
    signal?: AbortSignal,
  ): Promise<z.output<S> | undefined> {
    const response = await this.#ask('GET', path, {}, signal);
    if (response.status === 404) return undefined;
    const answer = schema.safeParse(await response.json());
    if (answer.success) return answer.data;
    const [issue] = answer.error.issues;
    throw new Error(
      `${this.#name} answered ${path} with something else (${issue?.path.join('.')}: ${issue?.message})`,
    );
  }

  async put(path: string, body: object, signal?: AbortSignal): Promise<void> {
    const response = await this.#ask('PUT', path, { body: JSON.stringify(body) }, signal);
    await response.body?.cancel();
    if (response.status === 404) throw new Error(`${this.#name} knows no ${path}`);
  }

  /** Whether it was there. `reason` is told to a client whose connection is closed. */
  async delete(path: string, reason?: string, signal?: AbortSignal): Promise<boolean> {
    const headers = reason === undefined ? {} : { headers: { 'x-reason': reason } };
    const response = await this.#ask('DELETE', path, headers, signal);
    await response.body?.cancel();
    return response.status !== 404;
  }

  get #name(): string {
    return `the management API at ${this.address}`;
  }

  async #ask(method: string, path: string, init: RequestInit, signal?: AbortSignal): Promise<Response> {
    const limit = AbortSignal.timeout(answerLimitMs);
    const headers = {
      ...init.headers,
      authorization: this.#authorization,
      'content-type': 'application/json',
    };
    let response: Response;
    try {
      response = await this.#fetch(`${this.#base}${path}`, {
        ...init,
        method,
        headers,
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
    } catch (cause) {
      signal?.throwIfAborted();
      const why = limit.aborted ? `no answer within ${answerLimitMs / 1000} s` : messageOf(cause);
      throw new UnavailableError('queue.management', `${this.#name}: ${why}`, {
        mend: 'See whether RabbitMQ runs there with its plugin rabbitmq_management.',
        cause,
      });
    }
    if (response.ok || response.status === 404) return response;
    await response.body?.cancel();
    throw refusal(`${this.#name} answered ${method} ${path} with ${response.status}`, response.status);
  }
}

function refusal(what: string, status: number): Error {
  if (status !== 401 && status !== 403) return new Error(what);
  return new UnavailableError('queue.management-refused', what, {
    mend: 'Under `management`, name a user with the tag "administrator" and rights in the virtual host.',
  });
}
