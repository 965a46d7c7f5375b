import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { startTestRouter, type TestRouter } from '../testing/fake-versions.ts';

let plant: TestRouter;
beforeEach(async () => {
  plant = await startTestRouter();
});
afterEach(() => plant[Symbol.asyncDispose]());

const terminals = Array.from({ length: 40 }, (_, index) => `L1-U${index}`);
const versions = () => Promise.all(terminals.map((terminal) => plant.versionOf(terminal)));
const until = (what: string, check: () => Promise<boolean>) =>
  waitFor(check, { what, timeoutMs: 20_000, everyMs: 10 });

describe('A version that was promoted', () => {
  const promoted = async (version: string) => {
    await plant.deploy({ version });
    expect((await plant.control('POST', '/release/promote', { holder: 'me' })).status).toBe(200);
  };
  const rollback = (from: string, more: object = {}) =>
    plant.control('POST', '/release/rollback', { from, by: 'runbook', ...more });

  it('is followed back by the one before it, once for each version that is named.', async () => {
    await promoted('2.0');
    await promoted('3.0');
    const [second, third] = plant.started;
    expect(await plant.state()).toMatchObject({ before: { version: '2.0' }, stable: { version: '3.0' } });
    expect((await plant.state()).stable.promotedAt).toEqual(expect.any(String));
    const back = await rollback('3.0', { operation: 'op-1' });
    expect(back).toMatchObject({
      status: 200,
      body: {
        stable: { version: '2.0', promotedAt: null },
        before: { version: 'stable' },
        leaving: [],
        lastCandidate: { version: '3.0', by: 'runbook', operation: 'op-1' },
      },
    });
    await third?.exited;
    expect(new Set(await versions())).toEqual(new Set(['2.0']));
    expect(await rollback('3.0')).toMatchObject({ status: 409, body: { error: { code: 'release.other' } } });
    expect(new Set(await versions())).toEqual(new Set(['2.0']));
    expect((await rollback('2.0')).status).toBe(200);
    await second?.exited;
    expect(new Set(await versions())).toEqual(new Set(['stable']));
    expect(await rollback('stable')).toMatchObject({
      status: 409,
      body: { error: { code: 'release.first' } },
    });
  });

  it('leaves a candidate on trial where it is when it goes.', async () => {
    await promoted('2.0');
    await plant.deploy({ version: '3.0' });
    await rollback('2.0');
    expect(await plant.state()).toMatchObject({
      stable: { version: 'stable' },
      candidate: { version: '3.0' },
    });
  });

  it('and dies is followed by the one before it; a third one takes the place of the first.', async () => {
    await promoted('2.0');
    await promoted('3.0');
    await promoted('4.0');
    const [second, , fourth] = plant.started;
    await second?.exited;
    await fourth?.crash();
    await until('the version before', async () => (await plant.state()).stable.version === '3.0');
    expect((await plant.state()).lastCandidate).toMatchObject({ version: '4.0', by: 'crash' });
    expect(new Set(await versions())).toEqual(new Set(['3.0']));
  });
});
