import { expect, test } from 'vitest';
import { closest } from './spelling.ts';

const modes = ['drop', 'reject', 'reset'];

test('One letter too many, too few, wrong, or two that were swapped are a slip of the hand.', () => {
  expect(['dropp', 'drp', 'drap', 'dorp', 'DROP'].map((written) => closest(written, modes))).toEqual(
    Array(5).fill('drop'),
  );
  expect(closest('resset', modes)).toBe('reset');
  expect(closest('rejetc', modes)).toBe('reject');
});

test('Another word is none, and of a short one less may be wrong.', () => {
  expect(['', 'stop it', 'pord', 'cut'].map((written) => closest(written, modes))).toEqual(
    Array(4).fill(undefined),
  );
  expect(closest('db', [])).toBeUndefined();
});
