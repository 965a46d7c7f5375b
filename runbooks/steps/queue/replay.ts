import type { SyncMessage } from 'rabbitmq-client';
import type { Clock } from '../../../kit/clock.ts';
import type { AmqpSession } from '../../../kit/rabbitmq/amqp-session.ts';
import type { ManagementApi } from '../../../kit/rabbitmq/management-api.ts';
import { queueNow } from '../../../kit/rabbitmq/queue-now.ts';
import { queueFacts } from '../../../kit/rabbitmq/topology.ts';
import { type Moved, moveMessages, sum, type Verdict } from './move-messages.ts';
import { originOf } from './origin.ts';

/** Says that a dead letter has had its second chance, and in which step of which run. */
export const replayedHeader = 'x-andon-replayed';

/** How often is looked whether some come back. */
const lookMs = 250;

/** What became of the dead letters. */
export interface ReplayCounts {
  replayed: number;
  /** Those of them that were dead again before we stopped looking. */
  cameBack: number;
  parked: number;
  /** How many stay, by reason. */
  left: Record<string, number>;
}

interface Wish {
  from: string;
  to?: string | undefined;
  park?: string | undefined;
  max: number;
  settle: number;
}

/** One replay of a queue of dead letters: once over all of them, and then over those that come back. */
export class Replay {
  readonly #session: AmqpSession;
  readonly #api: ManagementApi;
  readonly #wish: Wish;
  readonly #world: { operation: string; clock: Clock };
  readonly #known = new Map<string, boolean>();
  readonly #back = new Set<string>();

  constructor(
    session: AmqpSession,
    api: ManagementApi,
    wish: Wish,
    world: { operation: string; clock: Clock },
  ) {
    this.#session = session;
    this.#api = api;
    this.#wish = wish;
    this.#world = world;
  }

  async run(signal: AbortSignal): Promise<ReplayCounts> {
    const { park, settle } = this.#wish;
    const { clock } = this.#world;
    const first = await this.#pass((message) => this.#firstVerdict(message, signal), signal);
    const parkedIn = ({ moved }: Moved) => (park === undefined ? 0 : (moved.get(park) ?? 0));
    let parked = parkedIn(first);
    let { left } = first;
    const replayed = sum(first.moved) - parked;
    const end = clock.now() + settle;
    while (replayed > this.#back.size && clock.now() < end) {
      await clock.sleep(lookMs, signal);
      // Looking makes every message look redelivered: only when there is something new.
      if ((await this.#depth()) === sum(left)) continue;
      const again = await this.#pass((message) => this.#laterVerdict(message), signal);
      parked += parkedIn(again);
      left = again.left;
    }
    return { replayed, cameBack: this.#back.size, parked, left: Object.fromEntries(left) };
  }

  #pass(verdict: (message: SyncMessage) => Promise<Verdict> | Verdict, signal: AbortSignal): Promise<Moved> {
    const { from, max: most } = this.#wish;
    const { operation, clock } = this.#world;
    return moveMessages(this.#session, { from, most, operation, verdict }, { clock, signal });
  }

  async #firstVerdict(message: SyncMessage, signal: AbortSignal): Promise<Verdict> {
    const replayed: unknown = message.headers?.[replayedHeader];
    if (replayed !== undefined) return this.#again();
    const { from, park, to: wanted } = this.#wish;
    const to = wanted ?? originOf(message);
    if (to === undefined) return { leave: 'it does not say which queue it comes from' };
    if (to === from || to === park) return { leave: 'it comes from no queue but this' };
    if (!(await this.#exists(to, signal))) return { leave: `there is no queue ${to}` };
    return { to, headers: { [replayedHeader]: this.#world.operation } };
  }

  #laterVerdict(message: SyncMessage): Verdict {
    const replayed: unknown = message.headers?.[replayedHeader];
    if (replayed === undefined) return { leave: 'it came or stayed while others were replayed' };
    if (replayed === this.#world.operation) this.#back.add(numberOf(message));
    return this.#again();
  }

  #again(): Verdict {
    const { park } = this.#wish;
    return park === undefined ? { leave: 'replayed before, and still unreadable' } : { to: park };
  }

  async #exists(queue: string, signal: AbortSignal): Promise<boolean> {
    const known = this.#known.get(queue) ?? (await queueFacts(this.#api, queue, signal)) !== undefined;
    this.#known.set(queue, known);
    return known;
  }

  async #depth(): Promise<number> {
    const channel = await this.#session.channel();
    try {
      return (await queueNow(channel, this.#wish.from))?.ready ?? 0;
    } finally {
      await channel.close().catch(() => {});
    }
  }
}

const numberOf = ({ headers }: SyncMessage): string => String(headers?.['x-andon-operation']);
