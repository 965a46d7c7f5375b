import { expect, test } from 'vitest';
import { stepWorld } from '../testing/step-world.ts';
import { notify } from './notify.ts';

const params = notify.params.parse({
  title: 'Device D7 is quarantined',
  text: 'Bring a spare <b>scanner</b>.',
});

test('The message is put on the disk as it was written, and nothing else is changed.', async () => {
  const told: unknown[] = [];
  const world = stepWorld({}, { tellPeople: (message) => told.push(message) });
  expect(await notify.run(params, world, AbortSignal.timeout(20_000))).toMatchObject({
    outcome: 'succeeded',
    touched: 0,
  });
  expect(told).toEqual([
    { title: 'Device D7 is quarantined', text: 'Bring a spare <b>scanner</b>.', tier: 'B' },
  ]);
});

test('A message that cannot be kept fails the step, and a stopped step tells nobody.', async () => {
  const full = stepWorld(
    {},
    {
      tellPeople: () => {
        throw new Error('disk full');
      },
    },
  );
  await expect(notify.run(params, full, AbortSignal.timeout(20_000))).rejects.toThrow('disk full');
  const told: unknown[] = [];
  const world = stepWorld({}, { tellPeople: (message) => told.push(message) });
  await expect(notify.run(params, world, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
  expect(told).toEqual([]);
});

test('A plan shows the whole message.', () => {
  expect(notify.plan(params, stepWorld())).toMatchObject([
    {
      does: 'tell people: Device D7 is quarantined: Bring a spare <b>scanner</b>.',
      on: 'who is told of tier B',
    },
  ]);
  expect(notify.repeatable(params)).toBe(true);
});
