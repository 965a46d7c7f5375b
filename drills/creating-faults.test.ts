import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');

test('CREATING_FAULTS.md shows a fault, its undo, their lines and how it is killed, as they are.', () => {
  const blocks = [...read('../CREATING_FAULTS.md').matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
    ([, text = '']) => text,
  );
  const [fault, line = '', undo, undoLine = '', killed = ''] = blocks;
  expect(blocks).toHaveLength(5);
  expect(fault).toBe(read('faults/process-pause.ts'));
  expect(read('faults/registry.ts')).toContain(line);
  expect(undo).toBe(read('undos/resume-process.ts'));
  expect(read('undo.ts')).toContain(undoLine);
  expect(read('faults/process.kill.test.ts')).toContain(killed);
});
