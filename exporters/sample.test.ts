import fc from 'fast-check';
import { expect, it } from 'vitest';
import { gauge } from './metric.ts';
import { Series } from './sample.ts';

const metric = gauge('x', ['a', 'b'], 'x');
const labelText = (a: string, b = '') => new Series(metric, { a, b }).labelText;

it('A series has its labels in the order of the catalogue, escaped, without control characters.', () => {
  expect(labelText('1', '2')).toBe('a="1",b="2"');
  expect(labelText('a"b\\c\nd')).toBe('a="a\\"b\\\\c\\nd",b=""');
  expect(labelText('bell\x07 tab\tend\x7f')).toBe('a="bell  tab end ",b=""');
  expect(labelText('half a pair \ud800')).toBe('a="half a pair \ufffd",b=""');
});

it('A label that is no name any more is cut, and shows that it was.', () => {
  const [, value = ''] = /^a="(.*)",b/.exec(labelText('x'.repeat(5000))) ?? [];
  expect(value).toHaveLength(200);
  expect(value.endsWith('x…')).toBe(true);
  expect(labelText('x'.repeat(200))).toBe(`a="${'x'.repeat(200)}",b=""`);
});

it('Whatever text a label is given, its line stays one line with balanced quotes.', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const line = new Series(metric, { a: text, b: 'end' }).prefix;
      expect(line).toMatch(/^x\{a="(?:[^"\\\n]|\\["\\n])*",b="end"\} $/);
    }),
  );
});
