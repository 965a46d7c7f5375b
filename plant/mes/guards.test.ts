import { describe, expect, it } from 'vitest';
import { forbiddenBy, type GuardFacts } from './guards.ts';
import type { GuardName } from './transitions.ts';

const fine: GuardFacts = {
  orderId: 'WO-1',
  materialReady: true,
  reported: 3,
  good: 1,
  scrap: 1,
  rework: 1,
  predecessor: 'WO-0',
  predecessorState: 'completed',
  unit: 'L1-U1',
  unitStatus: 'idle',
  unitOrder: null,
  unitFresh: true,
  quarantined: null,
  reason: 'tool change',
};

const bad: [GuardName, Partial<GuardFacts>][] = [
  ['predecessor-done', { predecessorState: 'running' }],
  ['predecessor-done', { predecessorState: null }],
  ['material-present', { materialReady: false }],
  ['unit-idle', { unitStatus: 'busy', unitOrder: 'WO-2' }],
  ['unit-fresh', { unitFresh: false }],
  ['unit-in-dispatch', { quarantined: 'L1-U1-PLC' }],
  ['unit-free', { unitStatus: 'busy', unitOrder: 'WO-2' }],
  ['reason-given', { reason: undefined }],
  ['reason-given', { reason: '  ' }],
  ['quantities-agree', { reported: 4 }],
];

describe('A guard', () => {
  it.each(bad)('%s forbids %o, and says why.', (guard, facts) => {
    expect(forbiddenBy([guard], { ...fine, ...facts })).toMatchObject({ guard, why: expect.any(String) });
  });

  it.each([...new Set(bad.map(([guard]) => guard))])('%s allows what is in order.', (guard) => {
    expect(forbiddenBy([guard], fine)).toBeUndefined();
  });

  it('lets an order start on the unit that it has itself.', () => {
    expect(forbiddenBy(['unit-free'], { ...fine, unitStatus: 'busy', unitOrder: 'WO-1' })).toBeUndefined();
  });

  it('lets an order without predecessor and a unit that is not known yet pass.', () => {
    const facts = { ...fine, predecessor: null, predecessorState: null, unitStatus: null };
    expect(forbiddenBy(['predecessor-done', 'unit-idle'], facts)).toBeUndefined();
  });
});
