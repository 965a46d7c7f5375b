import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { type Targets, targetsSchema } from '../kit/targets.ts';
import { InvalidFileError, parseYaml } from '../kit/yaml-file.ts';
import { faults } from './faults/registry.ts';
import { type Drill, drillSchema } from './schema.ts';

const targets: Targets = targetsSchema.parse({
  mes: { kind: 'mes', url: 'http://127.0.0.1:1', database: 'mes-db', drillable: true },
  'mes-db': { kind: 'postgres', url: 'postgres://127.0.0.1:1/mes', drillable: true },
  'mes-db-link': { kind: 'link', control: 'http://127.0.0.1:1', link: 'mes-db', drillable: true },
  'mes-queue-link': { kind: 'link', control: 'http://127.0.0.1:1', link: 'mes-queue', drillable: true },
});
const schema = drillSchema({
  faults,
  targets,
  alerts: new Map([
    ['MesDatabaseBlocked', ['A']],
    ['MesDatabaseUnreachable', ['A']],
  ]),
});
const seeds = ['db-lock', 'network-cut', 'load-200'].map(
  (id) => parse(readFileSync(path.join(import.meta.dirname, 'catalog', `${id}.yaml`), 'utf8')) as object,
);

type Json = { [key: string]: Json } | Json[] | string | number | boolean | null;

/** Every place in a value, as the path to it. */
const places = (value: Json, at: (string | number)[] = []): (string | number)[][] =>
  typeof value !== 'object' || value === null
    ? [at]
    : [at, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...at, key]))];

/** A copy with one place changed: replaced, left out, or with a key more. */
function changed(
  value: Json,
  at: readonly (string | number)[],
  how: 'replace' | 'remove' | 'add',
  wish: Json,
): Json {
  const [key, ...rest] = at;
  if (key === undefined) {
    if (how === 'add' && typeof value === 'object' && value !== null && !Array.isArray(value))
      return { ...value, surprise: wish };
    return wish;
  }
  if (typeof value !== 'object' || value === null) return wish;
  const copy = structuredClone(value) as { [key: string]: Json };
  if (rest.length === 0 && how === 'remove') delete copy[key];
  else copy[key] = changed(copy[key] ?? null, rest, how, wish);
  return copy;
}

const nasty: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    '',
    '-1s',
    '1e9d',
    'NaN',
    'Infinity',
    '__proto__',
    '${env:HOME}',
    "'; DROP TABLE x;--",
    '<b>',
    '\u0000',
  ),
  fc.constantFrom<Json>(-1, 0, 1e308, 0.5, null, true, [], {}, [[]], [{}]),
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
);

const mutated = fc
  .record({
    seed: fc.constantFrom(...seeds),
    changes: fc.array(
      fc.record({
        at: fc.nat(),
        how: fc.constantFrom('replace' as const, 'remove' as const, 'add' as const),
        wish: nasty,
      }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .map(({ seed, changes }) =>
    changes.reduce<Json>((value, { at, how, wish }) => {
      const all = places(value);
      return changed(value, all[at % all.length] ?? [], how, wish);
    }, seed as Json),
  );

/** Reads a text as a drill: the drill, or the mistakes. Any other error is a failure of ours. */
function read(text: string): Drill | InvalidFileError {
  try {
    return parseYaml('d.yaml', text, schema);
  } catch (error) {
    if (error instanceof InvalidFileError) return error;
    throw error;
  }
}

test('A drill file with anything in it is read, or refused with a place and a reason for each mistake.', () => {
  let [accepted, refused] = [0, 0];
  fc.assert(
    fc.property(mutated, (value) => {
      const result = read(stringify(value));
      if (!(result instanceof InvalidFileError)) {
        accepted += 1;
        // What is accepted can be planned, and planning touches nothing: nobody listens at these addresses.
        for (const { fault, target, with: wish, for: durationMs } of result.method) {
          const plan = faults
            .find(({ kind }) => kind === fault)
            ?.plan(wish, { name: target, target: targets[target] ?? expect.fail() }, 'run', durationMs);
          expect(plan?.effects.length).toBeGreaterThan(0);
        }
        return;
      }
      refused += 1;
      for (const { line, column, message } of result.problems) {
        expect(
          [line, column].every((number) => Number.isInteger(number) && number >= 1),
          result.message,
        ).toBe(true);
        expect(message.trim()).not.toBe('');
        expect(message).not.toMatch(/undefined|\[object Object\]/);
      }
    }),
    { numRuns: 1500 },
  );
  // Both happen, or this shows nothing.
  expect(Math.min(accepted, refused)).toBeGreaterThan(20);
});

test('A drill file that is cut short or has bytes changed is refused, never half read.', () => {
  const text = stringify(seeds[0]);
  fc.assert(
    fc.property(fc.nat({ max: text.length }), fc.string({ maxLength: 5 }), (at, noise) => {
      const result = read(`${text.slice(0, at)}${noise}${text.slice(at + noise.length)}`);
      if (!(result instanceof InvalidFileError)) expect(result.method).toHaveLength(1);
    }),
    { numRuns: 500 },
  );
  expect(read(text.slice(0, text.length / 2))).toBeInstanceOf(InvalidFileError);
});
