import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { halfDoneRollback } from '../testing/half-done-rollback.ts';
import { tempFolder } from '../testing/temp-folder.ts';
import { listSnapshots } from './catalog.ts';
import { createSnapshot } from './create.ts';
import { brokenOffRollbacks } from './interrupted.ts';
import { rollbackSnapshot } from './rollback.ts';

const clock = systemClock;

test('A rollback that is at work is not called broken off; killed, it is, with the command that mends it, until somebody does.', async () => {
  using temp = tempFolder();
  await using half = await halfDoneRollback(temp);
  const { section, set, to } = half;
  const sets = {
    config: section,
    untouched: { folder: temp.file('other'), store: temp.file('other-store') },
  };
  expect(brokenOffRollbacks(sets)).toEqual([]);
  await half.kill();
  expect(brokenOffRollbacks(sets)).toMatchObject([
    {
      set: 'config',
      what: expect.stringMatching(
        new RegExp(`^a rollback of "config" to ${to} was broken off at 20.*Z: its settings`),
      ),
      mend: `Carry it out again: andon snapshot rollback config ${to}`,
    },
  ]);
  await expect(createSnapshot(set, { clock })).rejects.toMatchObject({ code: 'snapshot.interrupted' });
  const { before } = await rollbackSnapshot(set, to, { clock });
  expect(listSnapshots(set).snapshots.find(({ id }) => id === before)?.note).toContain('a mixture');
  expect(brokenOffRollbacks(sets)).toEqual([]);
  await createSnapshot(set, { clock });
});

test('What cannot be looked at is not called whole.', () => {
  using temp = tempFolder();
  const store = temp.file('store');
  // A folder where the note would be cannot be read as one, whoever looks.
  mkdirSync(path.join(store, 'rolling-back'), { recursive: true });
  expect(brokenOffRollbacks({ config: { store } })).toMatchObject([
    { what: expect.stringContaining('cannot be told'), mend: expect.stringContaining(store) },
  ]);
});
