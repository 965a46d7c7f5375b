import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readInputs } from './input.ts';
import { fillIn, MissingValueError } from './placeholders.ts';

const hostile = [
  "'; DROP TABLE work_orders; --",
  '$(reboot)',
  '<script>',
  '../../etc',
  '"} or vector(1)',
  '${inputs.other}',
];

test('A value fills a place and never becomes structure: lists keep their length, and its own placeholders stay text.', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom(...hostile)), (value) => {
      const values = new Map([
        ['inputs.device', value],
        ['inputs.other', 'never seen'],
      ]);
      const filled = fillIn(
        { args: ['--', '${inputs.device}', 'x'], body: { id: '${inputs.device}' } },
        values,
      );
      expect(filled).toEqual({ args: ['--', value, 'x'], body: { id: value } });
    }),
  );
});

test('In an address a value is one segment, and in a query of Prometheus it stays inside its quotes.', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'grapheme-ascii' }), fc.constantFrom(...hostile)), (value) => {
      const values = new Map([['inputs.device', value]]);
      const filled = fillIn(
        { path: '/devices/${inputs.device}/quarantine', promql: 'up{device="${inputs.device}"}' },
        values,
        (key) => (key === 'path' ? 'url' : 'promql'),
      );
      expect(filled.path.split('/')).toHaveLength(4);
      expect(decodeURIComponent(filled.path.split('/')[2] ?? '')).toBe(value);
      const quoted = filled.promql.slice('up{device='.length, -1);
      expect(quoted.replaceAll(/\\./g, '')).toMatch(/^"[^"\n]*"$/);
    }),
  );
});

test('A placeholder without a value is an error, not an empty text.', () => {
  expect(() => fillIn({ a: '${result.before}' }, new Map())).toThrow(MissingValueError);
});

test('Inputs are taken from labels or from a person, and all that is wrong with them is said at once.', () => {
  const inputs = {
    device: { label: 'device', pattern: '[\\w.:-]{1,100}' },
    count: { pattern: '\\d+', default: '5' },
  };
  expect(readInputs(inputs, { device: 'L1-U1-PLC' })).toEqual({
    values: { device: 'L1-U1-PLC', count: '5' },
  });
  expect(readInputs(inputs, {}, { device: 'D', count: '7' })).toEqual({
    values: { device: 'D', count: '7' },
  });
  for (const value of hostile)
    expect(readInputs(inputs, { device: value })).toEqual({
      problems: [expect.stringContaining('does not match')],
    });
  expect(readInputs(inputs, {}, { count: 'x', other: 'y' })).toEqual({
    problems: [
      'there is no input "other"',
      'the alert has no label "device"',
      expect.stringContaining('input "count" is "x"'),
    ],
  });
  expect(readInputs({ it: { label: 'constructor', pattern: '.*' } }, {})).toMatchObject({
    problems: [expect.anything()],
  });
});
