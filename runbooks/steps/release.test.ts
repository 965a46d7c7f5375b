import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePorts } from '../../kit/ports.ts';
import { routerToken, startTestRouter, type TestRouter } from '../../plant/testing/fake-versions.ts';
import { stepWorld } from '../testing/step-world.ts';
import { releaseHalt } from './release-halt.ts';
import { releasePromote } from './release-promote.ts';

let plant: TestRouter;
beforeEach(async () => {
  plant = await startTestRouter();
});
afterEach(() => plant[Symbol.asyncDispose]());

const limit = () => AbortSignal.timeout(20_000);
const world = (changes: object = {}, target: object = {}) =>
  stepWorld(
    { 'mes-release': { kind: 'release', control: plant.router.control, token: routerToken, ...target } },
    changes,
  );
const halt = (wish: object = {}, changes: object = {}) =>
  releaseHalt.run(releaseHalt.params.parse(wish), world(changes), limit());
const promote = (version: string) => releasePromote.run({ version }, world(), limit());

async function onTrial(version: string, more: object = {}) {
  expect((await plant.deploy({ version, holder: `holder-${version}`, ...more })).status).toBe(200);
  return plant.started.at(-1) ?? expect.unreachable();
}

/** A version that everybody has got, and that fails what it is asked. */
async function promotedAndBad(version: string, failures = 5) {
  const bad = await onTrial(version);
  expect((await promote(version)).outcome).toBe('succeeded');
  bad.answer = 500;
  for (let n = 0; n < failures; n++) expect((await plant.ask('T')).status).toBe(500);
  return bad;
}

test('release.halt withdraws whatever is on trial, proves it, and the router says that a runbook did.', async () => {
  const bad = await onTrial('2.0');
  expect(await plant.versionOf()).toBe('2.0');
  expect(await halt()).toMatchObject({
    outcome: 'succeeded',
    touched: 1,
    summary: 'version 2.0 of mes-release is gone with its process; everybody gets stable',
    details: { halted: '2.0', act: 'withdraw', stable: 'stable' },
  });
  await bad.exited;
  expect(await plant.versionOf()).toBe('stable');
  expect((await plant.state()).lastCandidate).toMatchObject({ by: 'runbook', operation: 'andon-7-1-do' });
});

test('Carried out again after a crash it recognises its own deed; the step of another run finds nothing.', async () => {
  await onTrial('2.0');
  await halt();
  expect(await halt()).toMatchObject({ outcome: 'succeeded', summary: expect.stringContaining('already') });
  expect(await halt({}, { operation: 'andon-8-1-do' })).toMatchObject({ outcome: 'failed', touched: 0 });
});

test('Where nothing is on trial it touches nothing and says so.', async () => {
  const before = await plant.state();
  expect(await halt()).toMatchObject({
    outcome: 'failed',
    touched: 0,
    summary: 'no version is on trial, and stable is the last one known to be good',
  });
  expect(await plant.state()).toEqual(before);
});

test('A version that was promoted and fails is gone back from, once, even when it is carried out twice.', async () => {
  const good = await onTrial('2.0');
  await promote('2.0');
  const bad = await promotedAndBad('3.0');
  expect(await halt()).toMatchObject({ outcome: 'succeeded', touched: 1, details: { act: 'rollback' } });
  await bad.exited;
  expect(await plant.versionOf()).toBe('2.0');
  good.answer = 500;
  for (let n = 0; n < 6; n++) await plant.ask('T');
  expect((await halt()).summary).toContain('had been taken away already');
  expect((await plant.state()).stable.version).toBe('2.0');
});

test('A promoted version stays that has not failed by itself, or was promoted too long ago.', async () => {
  const bad = await promotedAndBad('2.0', 4);
  expect(await halt()).toMatchObject({
    outcome: 'failed',
    touched: 0,
    summary: expect.stringContaining('has failed only 4 operations by itself'),
  });
  bad.answer = 503;
  for (let n = 0; n < 6; n++) await plant.ask('T');
  expect((await halt()).touched).toBe(0);
  bad.answer = 500;
  await plant.ask('T');
  expect((await halt({ promoted_within: '1ms' })).summary).toContain('not within 1ms');
  expect((await plant.state()).stable.version).toBe('2.0');
  expect((await halt()).outcome).toBe('succeeded');
});

test('An answer that is lost on the way does not count: what the router says afterwards does.', async () => {
  await onTrial('2.0');
  const losing: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    if (init?.method === 'DELETE') throw new Error('the connection was reset');
    return answer;
  };
  expect(await halt({}, { fetch: losing })).toMatchObject({ outcome: 'succeeded', touched: 1 });
});

test('A version that stays is a failure of which nobody knows what it changed.', async () => {
  await onTrial('2.0');
  const deaf: typeof fetch = (input, init) =>
    init?.method === 'DELETE' ? Promise.reject(new Error('cable in a knot')) : fetch(input, init);
  let now = Date.now();
  const sleep = async (ms: number) => {
    now += ms;
  };
  const clock = { now: () => now, sleep };
  expect(await halt({}, { fetch: deaf, clock })).toMatchObject({
    outcome: 'failed',
    touched: null,
    summary: expect.stringMatching(/cable in a knot.*still on trial/),
  });
});

test('A router that cannot be asked, or refuses our token, is a failure that touched nothing.', async () => {
  const [port] = await freePorts(1);
  const gone = world({}, { control: `http://127.0.0.1:${port}` });
  for (const there of [gone, world({}, { token: 'wrong' })])
    for (const result of [
      await releaseHalt.run(releaseHalt.params.parse({}), there, limit()),
      await releasePromote.run({ version: '2.0' }, there, limit()),
    ])
      expect(result).toMatchObject({ outcome: 'failed', touched: 0 });
});

test('release.promote gives the version on trial to everybody, and the second time finds it done.', async () => {
  await onTrial('2.0', { share: 0.01 });
  expect(await promote('3.0')).toMatchObject({ outcome: 'failed', touched: 0 });
  expect(await promote('2.0')).toMatchObject({
    outcome: 'succeeded',
    touched: 1,
    details: { promoted: '2.0', before: 'stable' },
  });
  expect(await plant.versionOf()).toBe('2.0');
  expect(await promote('2.0')).toMatchObject({ outcome: 'succeeded', touched: 0 });
});

test('release.promote is refused for a version that is there for a limited time.', async () => {
  await onTrial('bad', { leaseMs: 60_000 });
  expect(await promote('bad')).toMatchObject({ outcome: 'refused', touched: 0 });
  expect((await plant.state()).stable.version).toBe('stable');
});

test('The plans name the router and every side effect, and ask nobody.', () => {
  const blind = world({
    fetch: () => {
      throw new Error('a plan asks nobody');
    },
  });
  const plans = [
    releaseHalt.plan(releaseHalt.params.parse({}), blind),
    releasePromote.plan({ version: '2.0' }, blind),
  ];
  expect(plans.map((effects) => effects.length)).toEqual([2, 1]);
  for (const { on, undo } of plans.flat()) {
    expect(on).toContain('mes-release (http://');
    expect(undo).not.toBe('');
  }
});
