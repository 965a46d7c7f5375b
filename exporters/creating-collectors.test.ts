import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');

it('CREATING_COLLECTORS.md shows a collector, its test, its metric and its line as they are.', () => {
  const blocks = [...read('../CREATING_COLLECTORS.md').matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
    ([, text = '']) => text,
  );
  const [metric = '', collector, line = '', test] = blocks;
  expect(blocks).toHaveLength(4);
  expect(read('catalogue/database.ts')).toContain(metric);
  expect(collector).toBe(read('collectors/postgres-prepared.ts'));
  expect(read('collectors/registry.ts')).toContain(line);
  expect(test).toBe(read('collectors/postgres-prepared.test.ts'));
});
