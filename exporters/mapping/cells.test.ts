import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberIn, shown, textIn } from './cells.ts';

const number = (n: unknown) => numberIn({ n }, 'n');
const text = (t: unknown) => textIn({ t }, 't');

describe('a cell as a number', () => {
  it('is every finite number, as a number and as the text a driver makes of it', () => {
    fc.assert(
      fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }), (n) => {
        expect(number(n)).toBe(n);
        expect(number(String(n))).toBe(Number(String(n)));
      }),
    );
  });

  it('is every bigint, as the number nearest to it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (n) => {
        expect(number(n)).toBe(Number(n));
        expect(number(String(n))).toBe(Number(n));
      }),
    );
  });

  it('is a moment in Unix seconds, as a Date and as JSON writes it, and a flag 1 or 0', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') }), (date) => {
        expect(number(date)).toBe(date.getTime() / 1000);
        expect(number(date.toISOString())).toBe(date.getTime() / 1000);
      }),
    );
    expect(number('2026-01-01T01:00:30+01:00')).toBe(Date.UTC(2026, 0, 1, 0, 0, 30) / 1000);
    expect([number(true), number(false)]).toEqual([1, 0]);
  });

  it('is nothing where the cell holds nothing', () => {
    expect(number(null)).toBeNull();
  });

  it('is nothing else: any other text is refused, and is never read as 0 or as half a number', () => {
    fc.assert(
      fc.property(fc.string(), (word) => {
        fc.pre(!/\d/.test(word));
        expect(() => number(word)).toThrow(`column "n" is not a number: `);
      }),
    );
    const odd = ['', ' ', '12a', '0x10', '1,5', '1_000', '2026-01-01T00:00:00', '2026-13-01T00:00:00Z'];
    for (const cell of [...odd, {}, [1], Symbol('s'), new Date(Number.NaN)])
      expect(() => number(cell), String(cell)).toThrow(/^column "n" is not a (finite )?number: /);
    for (const cell of [Number.NaN, Number.POSITIVE_INFINITY, '1e999'])
      expect(() => number(cell)).toThrow(/^column "n" is not a finite number: (NaN|Infinity)$/);
  });
});

describe('a cell as the text of a label', () => {
  it('is every text as it stands, and numbers, flags and moments as one would write them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (word) => {
        expect(text(word)).toBe(word);
      }),
    );
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.bigInt(), fc.boolean()), (cell) => {
        expect(text(cell)).toBe(String(cell));
      }),
    );
    expect(text(new Date(0))).toBe('1970-01-01T00:00:00.000Z');
    expect(text(null)).toBe('');
  });

  it('is no object and no list', () => {
    expect(() => text({ secret: 'x' })).toThrow('column "t" is no text for a label: an object');
    expect(() => text(['x'])).toThrow('column "t" is no text for a label: a list');
  });
});

describe('a column that is not there', () => {
  it('is named together with the one that was meant, or with all there are', () => {
    expect(() => numberIn({ orders: 1, state: '' }, 'order')).toThrow(
      'no column "order"; did you mean "orders"?',
    );
    expect(() => numberIn({ orders: 1, state: '' }, 'constructor')).toThrow(
      'no column "constructor"; there are orders, state',
    );
  });
});

it('A message shows little of a cell, whatever it holds.', () => {
  fc.assert(
    fc.property(fc.anything(), (cell) => {
      expect(shown(cell).length).toBeLessThanOrEqual(40);
    }),
  );
});
