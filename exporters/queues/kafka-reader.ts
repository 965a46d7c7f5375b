import type { Admin } from '@platformatic/kafka';
import type { TargetOf } from '../../kit/targets.ts';
import type { ScrapeRun } from '../collector.ts';
import { KafkaClient, kafkaReason } from './kafka-client.ts';
import { type ConsumerGroup, committedBy, consumerGroups, endsOf, membersOf } from './kafka-groups.ts';
import { lagByTopic } from './kafka-lag.ts';
import { nameFilter } from './name-filter.ts';

/** One consumer group at this moment; what could not be read is undefined or empty. */
export interface GroupNow {
  readonly group: string;
  readonly members: number | undefined;
  readonly lag: ReadonlyMap<string, number>;
}

export interface ClusterNow {
  readonly groups: readonly GroupNow[];
  readonly failure?: unknown;
}

/** Left of a scrape when reading ends, so that what was read is published. */
const reserveMs = 200;

/** Reads the consumer groups of a cluster with one client, which is kept from scrape to scrape until a request fails. */
export class KafkaReader implements Disposable {
  readonly #target: TargetOf<'kafka'>;
  readonly #isGroup: (name: string) => boolean;
  readonly #isTopic: (name: string) => boolean;
  #client: KafkaClient | undefined;

  constructor(target: TargetOf<'kafka'>) {
    this.#target = target;
    this.#isGroup = nameFilter(target.groups);
    this.#isTopic = nameFilter(target.topics);
  }

  /** Throws when the cluster does not even say which groups it has. */
  async read(run: ScrapeRun): Promise<ClusterNow> {
    this.#client ??= new KafkaClient(this.#target);
    using spoiled = new DisposableStack();
    spoiled.adopt(this.#client, (client) => this.#giveUp(client));
    const now = await this.#readGroups(run, this.#client.admin);
    // One whose request failed is given up, with everything it has under way; the next scrape begins anew.
    if (!('failure' in now)) spoiled.move();
    return now;
  }

  async #readGroups(run: ScrapeRun, admin: Admin): Promise<ClusterNow> {
    const all = await ask(run, 'list of groups', consumerGroups(admin));
    const groups = all.filter(({ id }) => this.#isGroup(id));
    const [members, lags] = await Promise.allSettled([
      ask(run, 'members of groups', membersOf(admin, groups)),
      this.#lags(run, admin, groups),
    ]);
    const failure = [members, lags].find(({ status }) => status === 'rejected');
    return {
      groups: groups.map(({ id }) => ({
        group: id,
        members: members.status === 'fulfilled' ? members.value.get(id) : undefined,
        lag: (lags.status === 'fulfilled' ? lags.value.get(id) : undefined) ?? new Map(),
      })),
      ...(failure?.status === 'rejected' ? { failure: failure.reason } : {}),
    };
  }

  async #lags(run: ScrapeRun, admin: Admin, groups: readonly ConsumerGroup[]) {
    const committed = await ask(run, 'committed offsets', committedBy(admin, groups, this.#isTopic));
    const ends = await ask(run, 'ends of topics', endsOf(admin, committed.values()));
    return new Map([...committed].map(([group, offsets]) => [group, lagByTopic(offsets, ends)]));
  }

  #giveUp(client: KafkaClient): void {
    client[Symbol.dispose]();
    if (this.#client === client) this.#client = undefined;
  }

  [Symbol.dispose](): void {
    this.#client?.[Symbol.dispose]();
    this.#client = undefined;
  }
}

/** One piece of work, within the time of the scrape. */
function ask<T>(run: ScrapeRun, what: string, work: Promise<T>): Promise<T> {
  return run.step(what, () =>
    inTime(work, run).catch((error) => {
      throw new Error(`Kafka, ${what}: ${kafkaReason(error)}`);
    }),
  );
}

async function inTime<T>(work: Promise<T>, run: ScrapeRun): Promise<T> {
  const ended = AbortSignal.any([
    run.signal,
    AbortSignal.timeout(Math.max(1, Math.floor(run.remainingMs() - reserveMs))),
  ]);
  const silence = Promise.withResolvers<never>();
  const fail = () => silence.reject(new Error('no answer in time'));
  ended.addEventListener('abort', fail);
  try {
    return await Promise.race([work, silence.promise]);
  } finally {
    ended.removeEventListener('abort', fail);
  }
}
