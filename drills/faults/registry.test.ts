import { globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { faultOf, faults } from './registry.ts';

test('Every fault is found by its name, which is the name of its file.', () => {
  const files = readdirSync(import.meta.dirname).filter(
    (name) => /^[a-z-]+\.ts$/.test(name) && name !== 'registry.ts',
  );
  expect(faults.map(({ kind }) => `${kind.replaceAll('.', '-')}.ts`).toSorted()).toEqual(files.toSorted());
  for (const fault of faults) expect(faultOf(fault.kind)).toBe(fault);
});

test('A name that is no fault says which one was meant.', () => {
  expect(() => faultOf('db.look')).toThrow(expect.objectContaining({ mend: 'Did you mean "db.lock"?' }));
  expect(() => faultOf('reactor.melt')).toThrow(
    expect.objectContaining({ mend: `There are: ${faults.map(({ kind }) => kind).join(', ')}` }),
  );
});

test('Every fault is killed again and again by a test: one that nobody has killed may leave anything.', () => {
  const drills = path.dirname(import.meta.dirname);
  const tests = globSync('**/*kill.test.ts', { cwd: drills }).map((file) =>
    readFileSync(path.join(drills, file), 'utf8'),
  );
  const isKilled = (kind: string) => tests.some((text) => text.includes(`'${kind}'`));
  expect(faults.map(({ kind }) => kind).filter((kind) => !isKilled(kind))).toEqual([]);
  expect(isKilled('reactor.melt')).toBe(false);
});
