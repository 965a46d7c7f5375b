import { messageOf } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import { advance } from './advance.ts';
import { promptStates, type Release } from './release.ts';
import { lockReleases, type ReleaseWorld } from './release-world.ts';

export interface ReleaseWatcherOptions {
  world: ReleaseWorld;
  /** Told of everything that happens, at least once: the audit log. */
  record(event: string, data: Record<string, unknown>): void;
  log: Log;
}

/** As often as Prometheus scrapes. */
const everyMs = 5000;

/** Looks at the releases that are not over, wherever they were started, and does what is due. */
export class ReleaseWatcher {
  readonly #world: ReleaseWorld;
  readonly #record: ReleaseWatcherOptions['record'];
  readonly #log: Log;

  constructor({ world, record, log }: ReleaseWatcherOptions) {
    this.#world = world;
    this.#record = record;
    this.#log = log;
  }

  /** Looks once. Does nothing while another process works on releases: that one does it. */
  async tick(signal: AbortSignal): Promise<Release[]> {
    const { store } = this.#world;
    using lock = await lockReleases(this.#world, 0, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      this.#log.debug({ error: messageOf(error) }, 'releases are being worked on elsewhere');
      return undefined;
    });
    if (!lock) return [];
    const seen: Release[] = [];
    for (const release of store.watched()) {
      let now = await advance(release, this.#world, signal);
      // What is bad is gone at once, and not at the next look.
      while (promptStates.includes(now.state) && now.trouble === null) {
        const next = await advance(now, this.#world, signal);
        if (next.state === now.state) break;
        now = next;
      }
      if (now.trouble !== null)
        this.#log.warn({ release: now.id, trouble: now.trouble }, 'a release cannot go on');
      seen.push(now);
    }
    store.tell(this.#record);
    return seen;
  }

  /** Looks again and again until the signal is aborted; a look that fails is followed by the next one. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.tick(signal).catch((error: unknown) => {
        if (!signal.aborted)
          this.#log.warn({ error: messageOf(error) }, 'the releases could not be looked at');
      });
      await this.#world.clock.sleep(everyMs, signal).catch(() => {});
    }
  }
}
