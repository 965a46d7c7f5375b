import { expect, test } from 'vitest';
import { tierOf } from './alert-tier.ts';
import { addresseesOf, routeSchema } from './routes.ts';

const everybody = ['phone', 'mail', 'boss'];
const told = (routes: unknown[], labels: Record<string, string>, tier: 'A' | 'B' | 'C' = 'A') =>
  addresseesOf(
    routes.map((route) => routeSchema.parse(route)),
    everybody,
    labels,
    tier,
  ).receivers;

test('Without routes everybody is told of everything.', () => {
  expect(told([], {}, 'C')).toEqual(everybody);
});

test('A value must be the whole label, an expression must match the whole label, and a missing label is empty.', () => {
  const routes = [
    { match: { line: 'L1' }, receivers: ['phone'] },
    { match: { line: '/L[12]/' }, receivers: ['mail'] },
  ];
  expect(told(routes, { line: 'L1' })).toEqual(['phone', 'mail']);
  expect(told(routes, { line: 'L2' })).toEqual(['mail']);
  expect(told(routes, { line: 'L12' }, 'B')).toEqual([]);
  expect(told([{ match: { line: '' }, receivers: ['mail'] }], {}, 'B')).toEqual(['mail']);
  expect(told([{ match: { constructor: '/.+/' }, receivers: ['mail'] }], {}, 'B')).toEqual([]);
});

test('Every route that matches counts, and nobody is told twice; tiers narrow a route.', () => {
  const routes = [
    { tiers: ['A'], receivers: ['phone', 'mail'] },
    { tiers: ['A', 'B'], receivers: ['mail'] },
  ];
  expect(told(routes, {})).toEqual(['phone', 'mail']);
  expect(told(routes, {}, 'B')).toEqual(['mail']);
});

test('An A that no route matches goes to everybody; a B or C to nobody.', () => {
  const routes = [{ match: { line: 'L1' }, receivers: ['phone'] }];
  expect(told(routes, { line: 'L9' })).toEqual(everybody);
  expect(told(routes, { line: 'L9' }, 'B')).toEqual([]);
});

test('The tier is the label, else it comes from the severity, else it is B.', () => {
  expect(tierOf({ tier: 'C', severity: 'critical' })).toBe('C');
  expect(tierOf({ severity: 'Critical' })).toBe('A');
  expect(tierOf({ tier: 'Z', severity: 'info' })).toBe('C');
  expect(tierOf({})).toBe('B');
});
