/** What is known of a dead-letter queue at one moment. */
export interface DeadLetterQueueNow {
  readonly messages: number;
  readonly taken: number;
  readonly published: number;
}

interface Moment {
  readonly at: number;
  readonly sum: number;
}

interface Counted {
  total: number;
  /** The highest settled sum of those in the queue and those taken out of it. */
  high: number;
  /** The reading that the last moment came from: one that is only remembered says nothing new. */
  last: DeadLetterQueueNow | undefined;
  moments: Moment[];
}

/** The depth and the messages taken are reported by different processes of the broker, each every 5 s: before that a rise may be none. */
const settledAfterMs = 10_000;
/** What stays lower for so long was purged, or has expired. */
const loweredAfterMs = 30_000;

/**
 * Counts what arrives in dead-letter queues, for which RabbitMQ has no counter: dead-lettering is no publishing. What is in
 * the queue and what was taken out of it together grow by one with each arrival. A queue that clients publish into
 * as well is left out, because one cannot be told from the other.
 */
export class DeadLetterArrivals {
  readonly #counted = new Map<string, Counted>();

  /** The total since this was first asked about the queue; undefined where it cannot be known. */
  total(key: string, reading: DeadLetterQueueNow, now: number): number | undefined {
    if (reading.published > 0) {
      this.#counted.delete(key);
      return undefined;
    }
    const sum = reading.messages + reading.taken;
    const counted = this.#counted.get(key) ?? { total: 0, high: sum, last: undefined, moments: [] };
    this.#counted.set(key, counted);
    if (reading === counted.last) return counted.total;
    // The broker has restarted: its counters begin anew.
    if (reading.taken < (counted.last?.taken ?? 0)) Object.assign(counted, { high: sum, moments: [] });
    counted.last = reading;
    counted.moments.push({ at: now, sum });
    settle(counted, now);
    return counted.total;
  }

  /** Forgets the queues that are no dead-letter queues any more. */
  keep(keys: ReadonlySet<string>): void {
    for (const key of this.#counted.keys()) if (!keys.has(key)) this.#counted.delete(key);
  }
}

function settle(counted: Counted, now: number): void {
  const { moments } = counted;
  // The last moment before the span says what held when it began.
  while ((moments[1]?.at ?? now) <= now - loweredAfterMs) moments.shift();
  const low = lowestSince(moments, now - settledAfterMs);
  if (low !== undefined && low > counted.high) {
    counted.total += low - counted.high;
    counted.high = low;
  }
  if ((moments[0]?.at ?? now) > now - loweredAfterMs) return;
  counted.high = Math.min(counted.high, Math.max(...moments.map(({ sum }) => sum)));
}

/** The lowest sum since a moment, if it is known what held at that moment and what came after it. */
function lowestSince(moments: readonly Moment[], since: number): number | undefined {
  const from = moments.findLastIndex(({ at }) => at <= since);
  return from < 0 || from === moments.length - 1
    ? undefined
    : Math.min(...moments.slice(from).map(({ sum }) => sum));
}
