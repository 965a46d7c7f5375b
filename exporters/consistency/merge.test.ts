import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDecimal, sameValue } from './decimal.ts';
import { compareKeys } from './keys.ts';
import { type Difference, dimensions, type Merged, merge } from './merge.ts';
import type { Holding, Side } from './ordered-cursor.ts';
import { readAhead } from './read-ahead.ts';

const exact = { digits: 0n, scale: 0 };
const holding = (material: string, batch: string, value: string, unsettled = false): Holding => ({
  keys: [material, batch],
  value,
  unsettled,
});

/** A system that gives so many records at a time. */
function side(system: string, holdings: readonly Holding[], size = 2): Side {
  async function* batches() {
    for (let from = 0; from < holdings.length; from += size) yield holdings.slice(from, from + size);
  }
  return { system, holdings: readAhead(batches()) };
}

async function compare(source: Side, ...destinations: Side[]) {
  const differences: Difference[] = [];
  const found = (difference: Difference) => differences.push(difference);
  const merged = await merge({ source, destinations, tolerance: exact, found });
  return { merged, differences };
}

const failureOf = (merged: readonly Merged[], destination: string): string | undefined => {
  const failure = merged.find((one) => one.destination === destination)?.failure;
  return failure instanceof Error ? failure.message : undefined;
};

describe('The merge', () => {
  it('finds what a comparison in memory finds, whatever the systems hold and however it comes in pieces.', async () => {
    const key = fc.tuple(
      fc.constantFrom('A', 'B', 'b', '\u{e000}', '😀'),
      fc.constantFrom('', '1', '10', '2'),
    );
    const value = fc.constantFrom('1', '1.0', '01', '1e0', '2', 'x');
    const system = fc.record({
      held: fc.uniqueArray(fc.record({ key, value, unsettled: fc.boolean() }), {
        selector: ({ key }) => key.join('/'),
      }),
      size: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(system, { minLength: 2, maxLength: 4 }), async (systems) => {
        const held = systems.map((one) =>
          one.held
            .map(({ key: [material, batch], value, unsettled }) => holding(material, batch, value, unsettled))
            .toSorted((a, b) => bytes(a.keys[0], b.keys[0]) || bytes(a.keys[1], b.keys[1])),
        );
        const sides = held.map((holdings, index) => side(String(index), holdings, systems[index]?.size));
        const [source, ...destinations] = sides as [Side, ...Side[]];
        const { merged, differences } = await compare(source, ...destinations);
        const naive = destinations.map(({ system }) =>
          inMemory(system, held[0] ?? [], held[Number(system)] ?? []),
        );
        expect(merged.map(({ failure, ...figures }) => figures)).toEqual(naive.map(({ figures }) => figures));
        expect(new Set(differences)).toEqual(new Set(naive.flatMap(({ differences }) => differences)));
        expect(differences.map(({ keys }) => keys)).toEqual(
          differences.map(({ keys }) => keys).toSorted(compareKeys),
        );
      }),
    );
  });

  it('tells a material that one side does not know at all from a batch that is missing.', async () => {
    const erp = side('erp', [
      holding('M-1', 'B-1', '5'),
      holding('M-1', 'B-2', '6'),
      holding('M-2', 'B-1', '7'),
    ]);
    const wms = side('wms', [
      holding('M-1', 'B-2', '6.5'),
      holding('M-1', 'B-3', '1'),
      holding('M-3', 'B-1', '2'),
    ]);
    const { differences } = await compare(erp, wms);
    expect(
      differences.map(({ dimension, keys, inSource, inDestination }) => [
        dimension,
        ...keys,
        inSource,
        inDestination,
      ]),
    ).toEqual([
      ['batch', 'M-1', 'B-1', '5', null],
      ['quantity', 'M-1', 'B-2', '6', '6.5'],
      ['batch', 'M-1', 'B-3', null, '1'],
      ['material', 'M-2', 'B-1', '7', null],
      ['material', 'M-3', 'B-1', null, '2'],
    ]);
  });

  it('refuses rows that are out of order and keys that occur twice, and the other systems are compared all the same.', async () => {
    const right = [holding('M-1', 'B-1', '1'), holding('M-1', 'B-10', '1'), holding('M-1', 'B-9', '1')];
    const [first, second, third] = right as [Holding, Holding, Holding];
    const { merged, differences } = await compare(
      side('erp', right),
      side('mes', [first, third, second]),
      side('wms', [first, first, second, third], 3),
      side('qms', [first, second]),
    );
    expect(failureOf(merged, 'mes')).toMatch(/^mes: \(M-1, B-10\) came after \(M-1, B-9\); .*COLLATE "C"/);
    expect(failureOf(merged, 'wms')).toMatch(/^wms: \(M-1, B-1\) occurs twice/);
    expect(differences.filter(({ destination }) => destination === 'qms')).toHaveLength(1);
    expect(merged.at(-1)).toMatchObject({ destination: 'qms', records: 3, inBoth: 2, failure: undefined });
  });

  it('fails as a whole when the source does, and reads no further when no destination is left.', async () => {
    const wrong = [holding('M-2', '', '1'), holding('M-1', '', '1')];
    await expect(compare(side('erp', wrong), side('wms', []))).rejects.toThrow(
      'erp: (M-1, ) came after (M-2, )',
    );
    let read = 0;
    async function* endless() {
      for (;;) {
        read += 1;
        yield [holding(`N${String(read).padStart(9, '0')}`, '', '1')];
      }
    }
    const { merged } = await compare({ system: 'erp', holdings: endless() }, side('wms', wrong));
    expect(failureOf(merged, 'wms')).toContain('wms: (M-1, )');
    expect(read).toBeLessThan(10);
  });

  it('closes every stream that it did not read to the end.', async () => {
    const closed: string[] = [];
    async function* watched(system: string, holdings: Holding[]) {
      try {
        for (const one of holdings) yield [one];
      } finally {
        closed.push(system);
      }
    }
    const twice = [holding('M-1', '', '1'), holding('M-1', '', '1'), holding('M-2', '', '1')];
    await expect(
      compare(
        { system: 'erp', holdings: watched('erp', twice) },
        { system: 'wms', holdings: watched('wms', [holding('M-1', '', '1'), holding('M-3', '', '1')]) },
      ),
    ).rejects.toThrow('occurs twice');
    await Promise.resolve();
    expect(closed.toSorted()).toEqual(['erp', 'wms']);
  });
});

describe('Values', () => {
  it('are compared as decimal numbers without rounding, and as text when one is no number.', () => {
    const same = (a: string, b: string, tolerance = '0') => sameValue(a, b, parseDecimal(tolerance) ?? exact);
    for (const [a, b] of [
      ['10.00', '10'],
      ['-0', '0.000'],
      ['1.5e3', '1500'],
      ['+.5', '0.50'],
      ['n/a', 'n/a'],
    ] as const)
      expect([a, b, same(a, b)]).toEqual([a, b, true]);
    for (const [a, b] of [
      ['0.1', '0.10000000000000001'],
      ['9007199254740993', '9007199254740992'],
      ['-1', '1'],
      ['10', '10 '],
      ['NaN', '0'],
      ['1e9999', '1'],
    ] as const)
      expect([a, b, same(a, b)]).toEqual([a, b, false]);
    expect([same('10', '10.5', '0.5'), same('10', '10.51', '0.5'), same('1', '-1', '1.9')]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

const bytes = (a = '', b = ''): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** The same comparison with everything in memory, written without the merge's code. */
function inMemory(destination: string, source: readonly Holding[], other: readonly Holding[]) {
  const byKey = (holdings: readonly Holding[]) => new Map(holdings.map((one) => [one.keys.join('/'), one]));
  const [left, right] = [byKey(source), byKey(other)];
  const knows = (holdings: readonly Holding[], material = '') =>
    holdings.some(({ keys }) => keys[0] === material);
  const number = (value: string) => (value === 'x' ? value : Number(value));
  const differing = [...new Set([...left.keys(), ...right.keys()])].flatMap((key) => {
    const [a, b] = [left.get(key), right.get(key)];
    if (a && b && number(a.value) === number(b.value)) return [];
    const keys = a?.keys ?? b?.keys ?? [];
    const inBoth = knows(source, keys[0]) && knows(other, keys[0]);
    const dimension = a && b ? dimensions[2] : inBoth ? dimensions[1] : dimensions[0];
    const difference: Difference = {
      destination,
      dimension,
      keys,
      inSource: a?.value ?? null,
      inDestination: b?.value ?? null,
    };
    return [{ difference, unsettled: a?.unsettled || b?.unsettled }];
  });
  const records = new Set([...left.keys(), ...right.keys()]).size;
  const inBoth = [...left.keys()].filter((key) => right.has(key)).length;
  const unsettled = differing.filter((one) => one.unsettled).length;
  return {
    figures: { destination, records, inBoth, unsettled },
    differences: differing.filter((one) => !one.unsettled).map(({ difference }) => difference),
  };
}
