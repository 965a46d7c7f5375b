import { describe, expect, it } from 'vitest';
import { DeadLetterArrivals } from './dead-letter-arrivals.ts';
import { deadLetterQueues } from './dead-letter-queues.ts';

describe('What arrives in a dead-letter queue', () => {
  /** The total after readings of [messages, taken, published], one every 5 s. */
  function totalAfter(...readings: [number, number?, number?][]): number | undefined {
    const arrivals = new DeadLetterArrivals();
    return readings
      .map(([messages, taken = 0, published = 0], index) =>
        arrivals.total('q', { messages, taken, published }, index * 5000),
      )
      .at(-1);
  }

  it('is counted once the figures have settled.', () => {
    expect(totalAfter([1], [4])).toBe(0);
    expect(totalAfter([1], [4], [4], [4])).toBe(3);
  });

  it('is counted though somebody takes it out at once.', () => {
    expect(totalAfter([0, 0], [0, 2], [0, 2], [0, 2])).toBe(2);
  });

  it('does not come of figures that lag behind each other, in either order.', () => {
    expect(totalAfter([5, 0], [0, 0], [0, 5], [0, 5], [0, 5])).toBe(0);
    expect(totalAfter([5, 0], [5, 5], [0, 5], [0, 5], [0, 5])).toBe(0);
  });

  it('never goes down, and counts on after the queue was purged.', () => {
    const purged: [number][] = Array(8).fill([0]);
    expect(totalAfter([0], [9], [9], [9], ...purged)).toBe(9);
    expect(totalAfter([0], [9], [9], [9], ...purged, [2], [2], [2])).toBe(11);
  });

  it('counts on at once after the broker has restarted.', () => {
    expect(totalAfter([3, 50], [3, 0], [4, 0], [4, 0], [4, 0])).toBe(1);
  });

  it('is not told apart from what clients publish into the same queue.', () => {
    expect(totalAfter([1], [4, 0, 3])).toBeUndefined();
  });

  it('is no more when only remembered figures are seen again.', () => {
    const arrivals = new DeadLetterArrivals();
    const [before, after] = [
      { messages: 0, taken: 0, published: 0 },
      { messages: 1, taken: 0, published: 0 },
    ];
    arrivals.total('q', before, 0);
    for (const at of [5000, 20_000, 40_000]) expect(arrivals.total('q', after, at)).toBe(0);
  });
});

describe('The dead-letter queues of a broker', () => {
  const exchange = (name: string, type: string) => ({ vhost: '/', name, type });
  const bound = (source: string, destination: string, routing_key: string, destination_type = 'queue') => ({
    vhost: '/',
    source,
    destination,
    destination_type,
    routing_key,
  });
  const topology = {
    exchanges: [exchange('direct', 'direct'), exchange('topic', 'topic'), exchange('fanout', 'fanout')],
    bindings: [
      bound('', 'by-name', 'by-name'),
      bound('direct', 'exact', 'dead'),
      bound('direct', 'other', 'alive'),
      bound('topic', 'pattern', 'mes.#'),
      bound('topic', 'word', 'mes.*'),
      bound('topic', 'elsewhere', 'erp.#'),
      bound('fanout', 'any', 'whatever'),
      bound('fanout', 'an exchange', '', 'exchange'),
    ],
  };
  const targetsOf = (exchangeName: string, routingKey?: string) => {
    const deadLetters = { exchange: exchangeName, routingKey };
    return [...deadLetterQueues([{ vhost: '/', name: 'work', deadLetters }], topology)].map(
      (key) => JSON.parse(key)[1],
    );
  };

  it('are those that an exchange sends the routing key to.', () => {
    expect(targetsOf('direct', 'dead')).toEqual(['exact']);
    expect(targetsOf('topic', 'mes.dead')).toEqual(['pattern', 'word']);
    expect(targetsOf('topic', 'mes.dead.now')).toEqual(['pattern']);
    expect(targetsOf('fanout', 'dead')).toEqual(['any']);
    expect(targetsOf('', 'by-name')).toEqual(['by-name']);
  });

  it('may be all of an exchange when messages keep their own keys.', () => {
    expect(targetsOf('direct')).toEqual(['exact', 'other']);
  });

  it('are none without such an exchange, or when nothing is bound to it.', () => {
    expect([...deadLetterQueues([{ vhost: '/', name: 'work', deadLetters: undefined }], topology)]).toEqual(
      [],
    );
    expect(targetsOf('unknown', 'dead')).toEqual([]);
  });
});
