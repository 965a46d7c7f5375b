import type { Redaction } from '../../exporters/web/redaction.ts';
import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import type { RunbooksConfig } from '../config.ts';
import type { Message } from '../store/messages.ts';
import type { RunStore } from '../store/store.ts';
import { noticeBody } from './notice-body.ts';

export interface MessengerDeps extends Pick<RunbooksConfig, 'notify' | 'public_url'> {
  store: Pick<RunStore, 'messages'>;
  redact: Redaction;
  fetch: typeof fetch;
  clock: Clock;
  log: Log;
}

/** Other processes put messages on the disk as well. */
const lookEveryMs = 1000;
/** The notifier only stores what it is sent: after this it hangs. */
const attemptMs = 10_000;
const firstWaitMs = 1000;
const longestWaitMs = 5 * 60_000;

/**
 * Brings what people are to be told to `andon notify serve`, until it says that it has stored it. Each message has a name for ever, so
 * one that is sent twice, because the answer was lost, is told once. Without a notifier they go to the log.
 */
export class Messenger implements AsyncDisposable {
  readonly #deps: MessengerDeps;
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;

  constructor(deps: MessengerDeps) {
    this.#deps = deps;
    if (deps.notify === undefined)
      deps.log.warn(
        {},
        'runbooks.notify is not set: what people must decide is only on the page and in this log',
      );
    this.#loop = this.#work();
  }

  async #work(): Promise<void> {
    const { store, clock, log } = this.#deps;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        for (const message of store.messages.due(clock.now())) if (!(await this.#bring(message))) break;
      } catch (error) {
        // The disk may be full or the store locked: what was not recorded is sent again.
        log.error({ error: messageOf(error) }, 'the messages to people could not be worked on');
      }
      await clock.sleep(lookEveryMs, signal).catch(() => {});
    }
  }

  /** False when it was not taken: then the next ones would not be either, and are not tried in this round. */
  async #bring(message: Message): Promise<boolean> {
    const { store, clock, log } = this.#deps;
    const { key, attempts } = message;
    const problem = await this.#attempt(message);
    if (problem === undefined) {
      store.messages.sent(key, clock.now());
      return true;
    }
    if (this.#stop.signal.aborted) return false;
    const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(attempts, 20));
    log.warn({ message: key, attempts: attempts + 1, problem, waitMs }, 'a message to people was not taken');
    store.messages.failed(key, problem, clock.now() + waitMs);
    return false;
  }

  /** Why it was not taken; undefined when it was. */
  async #attempt(message: Message): Promise<string | undefined> {
    const { store, notify, public_url: publicUrl, redact, log } = this.#deps;
    try {
      const body = noticeBody(message, { get: (key) => store.messages.get(key), publicUrl, redact });
      if (body === undefined) return undefined;
      if (notify !== undefined) return await this.#post(notify, JSON.stringify(body));
      log.warn({ message: body }, 'people are to be told');
      return undefined;
    } catch (error) {
      return redact(messageOf(error));
    }
  }

  async #post(
    { url, token }: NonNullable<RunbooksConfig['notify']>,
    body: string,
  ): Promise<string | undefined> {
    const response = await this.#deps.fetch(addressOf(url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
      redirect: 'error',
      signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(attemptMs)]),
    });
    const text = await response.text();
    return response.ok ? undefined : this.#deps.redact(`HTTP ${response.status}: ${text.slice(0, 200)}`);
  }

  /** What is on its way is given up, and sent again after the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }
}

/** `runbooks.notify.url` is where the notifier answers, with or without the path. */
const addressOf = (url: string): string => `${url.replace(/\/(alertmanager\/?)?$/, '')}/alertmanager`;
