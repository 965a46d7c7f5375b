import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rootBlockers } from './lock-graph.ts';

const queues = (edges: Record<number, number[]>) =>
  Object.fromEntries(
    [...rootBlockers(Object.entries(edges).map(([pid, blockedBy]) => ({ pid: Number(pid), blockedBy })))].map(
      ([root, behind]) => [root, [...behind].toSorted((a, b) => a - b)],
    ),
  );

test('A chain of waiters leads to the one session that waits for nobody.', () => {
  expect(queues({ 2: [1], 3: [2], 4: [2, 3] })).toEqual({ 1: [2, 3, 4] });
});

test('Two roots each have their own queue, and a waiter for both stands in both.', () => {
  expect(queues({ 3: [1], 4: [2], 5: [1, 2] })).toEqual({ 1: [3, 5], 2: [4, 5] });
});

test('A ring of waiters has no root, and it hides none either.', () => {
  expect(queues({ 1: [2], 2: [1] })).toEqual({});
  expect(queues({ 1: [2], 2: [1, 9] })).toEqual({ 9: [1, 2] });
});

test('Nobody waits: nobody is a root.', () => {
  expect(queues({ 1: [] })).toEqual({});
});

test('Whoever waits is never a root, and each root blocks somebody.', () => {
  const graph = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 12 }), fc.array(fc.integer({ min: 0, max: 12 }))),
  );
  fc.assert(
    fc.property(graph, (edges) => {
      const waiters = edges.map(([pid, blockedBy]) => ({ pid, blockedBy }));
      const waiting = new Set(new Map(edges.filter(([, by]) => by.length > 0)).keys());
      const last = new Map(edges);
      for (const [root, behind] of rootBlockers(waiters)) {
        expect(behind.size).toBeGreaterThan(0);
        expect(last.get(root) ?? []).toEqual([]);
        for (const pid of behind) expect(waiting.has(pid)).toBe(true);
      }
    }),
  );
});
