import { afterEach, beforeEach, expect, test } from 'vitest';
import { routerToken, startTestRouter, type TestRouter } from '../../plant/testing/fake-versions.ts';
import { stepWorld } from '../testing/step-world.ts';
import { ask } from './ask.ts';
import { question } from './condition.ts';

let plant: TestRouter;
beforeEach(async () => {
  plant = await startTestRouter();
});
afterEach(() => plant[Symbol.asyncDispose]());

function asked(release: object = {}, token = routerToken) {
  const target = { kind: 'release', control: plant.router.control, token };
  const world = stepWorld({ 'mes-release': target });
  const asking = question.parse({ name: 'a version may be the reason', release });
  return ask(asking, world, 10_000, AbortSignal.timeout(20_000));
}

test('Where nothing is on trial and nothing was promoted, no version can be the reason.', async () => {
  expect(await asked()).toEqual({
    is: false,
    said: 'no version is on trial, and stable is the last one known to be good',
  });
});

test('A version on trial can be the reason; so can one that was promoted lately and fails by itself.', async () => {
  await plant.deploy();
  expect(await asked()).toEqual({ is: true });
  await plant.control('POST', '/release/promote', { holder: 'me' });
  expect(await asked()).toMatchObject({ is: false, said: expect.stringContaining('it is not the reason') });
  const [bad] = plant.started;
  if (bad) bad.answer = 500;
  await plant.ask('T');
  expect(await asked({ min_failures: 1 })).toEqual({ is: true });
  expect(await asked({ min_failures: 1, promoted_within: '1ms' })).toMatchObject({ is: false });
});

test('A router that refuses our token has not said that there is none.', async () => {
  expect(await asked({}, 'wrong')).toMatchObject({ is: 'unknown' });
});

test('It goes without "expect", and is asked of a router only.', () => {
  const said = question.safeParse({ name: 'x', release: {}, expect: '== 1' }).error?.issues;
  expect(said).toMatchObject([{ path: ['expect'], message: expect.stringContaining('goes without') }]);
  expect(question.safeParse({ name: 'x', release: {}, within: '5s' }).success).toBe(false);
});
