import { describe, expect, test } from 'vitest';
import { matches } from '../../../kit/rabbitmq/topology.ts';
import { queuePoison } from '../queue-poison.ts';

describe('Messages of a drill', () => {
  test('find their way as the exchange does', () => {
    const taken = (type: string, binding: string, key: string) => matches(type, binding, key);
    expect([taken('fanout', '', 'a'), taken('direct', 'a', 'a'), taken('direct', 'a', 'b')]).toEqual([
      true,
      true,
      false,
    ]);
    expect([taken('topic', 'a.*', 'a.b'), taken('topic', 'a.*', 'a.b.c'), taken('topic', '#', '')]).toEqual([
      true,
      false,
      true,
    ]);
    expect([
      taken('topic', 'a.#.z', 'a.z'),
      taken('topic', 'a.#.z', 'a.b.c.z'),
      taken('topic', '*', 'a.b'),
    ]).toEqual([true, true, false]);
  });

  test.each([
    {},
    { queue: 'q', exchange: 'e' },
    { queue: 'q', routing_key: 'k' },
    { queue: 'q', count: 0 },
    { queue: 'q', rat: 5 },
  ])('are refused by the schema: %j', (wish) => {
    expect(queuePoison.params.safeParse(wish).success).toBe(false);
  });
});
