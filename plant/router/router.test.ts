import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { callMes } from '../mes-client.ts';
import { startTestRouter, type TestRouter } from '../testing/fake-versions.ts';
import { placeOf } from './caller-identity.ts';

let plant: TestRouter;
beforeEach(async () => {
  plant = await startTestRouter();
});
afterEach(() => plant[Symbol.asyncDispose]());

const terminals = Array.from({ length: 40 }, (_, index) => `L1-U${index}`);
const versions = () => Promise.all(terminals.map((terminal) => plant.versionOf(terminal)));
const wish = (more: object = {}) => ({ version: '2.0', holder: 'me', share: 1, ...more });
const until = (what: string, check: () => Promise<boolean>) =>
  waitFor(check, { what, timeoutMs: 20_000, everyMs: 10 });

describe('A router without a candidate', () => {
  it('passes requests and answers on as they are, and counts those that change something.', async () => {
    const answer = await callMes(
      { url: plant.router.url, token: 't' },
      { method: 'POST', path: '/operations?x=1', body: { text: 'ä'.repeat(50_000) }, timeoutMs: 20_000 },
    );
    expect(answer).toEqual({
      status: 200,
      body: { version: 'stable', bytes: 100_011, path: '/operations?x=1' },
    });
    plant.stable.answer = 409;
    expect((await plant.ask('T')).status).toBe(409);
    expect((await plant.ask('T', 'GET')).status).toBe(409);
    expect((await plant.state()).stable.requests).toEqual({
      '2xx': 1,
      '3xx': 0,
      '4xx': 1,
      '5xx': 0,
      '500': 0,
      none: 0,
    });
  });

  it('answers 503 where nobody listens, and works again when somebody does.', async () => {
    await plant.stable.crash();
    expect(await plant.ask('T')).toMatchObject({ status: 503, body: { error: { code: 'version-down' } } });
    expect((await fetch(`${plant.router.url}/-/healthy`)).status).toBe(503);
    expect((await fetch(`${plant.router.url}/-/stats`)).status).toBe(503);
  });

  it('lets its callers wait where the version hangs, and tells it when they go away.', async () => {
    plant.stable.answer = 'hang';
    const options = { method: 'POST', headers: { 'content-length': 0 } };
    const asked = request(`${plant.router.url}/operations`, options)
      .on('error', () => {})
      .end();
    await until('the request at the version', async () => plant.stable.total === 1);
    asked.destroy();
    await until('the count', async () => (await plant.state()).stable.requests.none === 1);
  });
});

describe('A candidate', () => {
  it('gets the share of the callers that it is given, and each caller the same version each time.', async () => {
    await plant.deploy({ share: 0.3 });
    const first = await versions();
    const got = first.filter((version) => version === '2.0').length;
    expect(got).toBe(terminals.filter((terminal) => placeOf(terminal, '2.0') < 0.3).length);
    expect(got).toBeGreaterThan(0);
    expect(got).toBeLessThan(terminals.length / 2);
    expect(await versions()).toEqual(first);
    await plant.deploy({ share: 0.6, renew: true });
    const more = await versions();
    expect(first.every((version, index) => version === 'stable' || more[index] === '2.0')).toBe(true);
    expect(more.filter((version) => version === '2.0').length).toBeGreaterThan(got);
    await plant.deploy({ share: 1, renew: true });
    expect(new Set(await versions())).toEqual(new Set(['2.0']));
  });

  it('is not asked for the health of the MES.', async () => {
    await plant.deploy();
    const ready = await fetch(`${plant.router.url}/-/ready`);
    expect(await ready.json()).toMatchObject({ version: 'stable' });
  });

  it('that is withdrawn gets nobody any more at once, and finishes what it has begun.', async () => {
    await plant.deploy();
    const [candidate] = plant.started;
    if (!candidate) throw new Error('no candidate');
    candidate.answer = 'hang';
    const begun = plant.ask('T');
    await until('the request at the candidate', async () => candidate.total === 1);
    const withdrawn = plant.control('DELETE', '/release/candidate?holder=me&by=runbook');
    await until('the withdrawal', async () => (await plant.state()).candidate === null);
    candidate.letGo();
    expect((await begun).body).toMatchObject({ version: '2.0' });
    expect(new Set(await versions())).toEqual(new Set(['stable']));
    expect((await withdrawn).body).toMatchObject({
      candidate: null,
      leaving: [],
      lastCandidate: { version: '2.0', holder: 'me', by: 'runbook', requests: { '2xx': 1, none: 0 } },
    });
    await candidate.exited;
  });

  it('that crashes is gone, and everybody gets the stable version again.', async () => {
    await plant.deploy();
    await plant.started[0]?.crash();
    await until('the end', async () => (await plant.state()).candidate === null);
    expect((await plant.state()).lastCandidate).toMatchObject({ by: 'crash' });
    expect(new Set(await versions())).toEqual(new Set(['stable']));
  });

  it('that is not asked for again is withdrawn by its lease, even while it still starts.', async () => {
    // A lease that cannot end before it was looked at, and then one that nobody prolongs.
    const shorten = () => plant.control('PUT', '/release/candidate', wish({ renew: true, leaseMs: 300 }));
    await plant.deploy({ leaseMs: 60_000 });
    await shorten();
    await until('the end of the lease', async () => (await plant.state()).candidate === null);
    expect((await plant.state()).lastCandidate).toMatchObject({ by: 'lease' });
    const late = await plant.control('PUT', '/release/candidate', wish({ renew: true }));
    expect(late).toMatchObject({ status: 409, body: { error: { code: 'release.gone', endedBy: 'lease' } } });
    const letStart = plant.holdStarts();
    await plant.control('PUT', '/release/candidate', wish({ leaseMs: 60_000 }));
    expect((await plant.state()).candidate).toMatchObject({ state: 'starting', requests: null });
    await shorten();
    await until('the end of the lease', async () => (await plant.state()).candidate === null);
    letStart();
    await until('nothing left', async () => (await plant.state()).leaving.length === 0);
    expect(new Set(await versions())).toEqual(new Set(['stable']));
  });

  it('is one at a time: another holder and another version are refused.', async () => {
    await plant.deploy();
    expect(await plant.deploy({ holder: 'you' })).toMatchObject({
      status: 409,
      body: { error: { code: 'release.held' } },
    });
    expect(await plant.deploy({ version: '3.0' })).toMatchObject({
      status: 409,
      body: { error: { code: 'release.other' } },
    });
    await plant.control('DELETE', '/release/candidate?holder=you');
    expect((await plant.state()).candidate).toMatchObject({ holder: 'me' });
  });

  it('is promoted, unless it is there for a limited time; should it die, the first version steps in.', async () => {
    await plant.deploy({ leaseMs: 60_000 });
    const promote = () => plant.control('POST', '/release/promote', { holder: 'me' });
    expect(await promote()).toMatchObject({ status: 409, body: { error: { code: 'release.leased' } } });
    await plant.deploy();
    expect((await promote()).body).toMatchObject({ stable: { version: '2.0' }, candidate: null });
    expect(new Set(await versions())).toEqual(new Set(['2.0']));
    await plant.started[0]?.crash();
    await until('the first version', async () => (await plant.state()).stable.version === 'stable');
    expect(new Set(await versions())).toEqual(new Set(['stable']));
  });
});

describe('To whoever scrapes it', () => {
  const reports = async (): Promise<number> => {
    const stats = (await (await fetch(`${plant.router.url}/-/stats`)).json()) as {
      operations: { report: { total: number; wait: { buckets: { count: number }[] } } };
    };
    expect(stats.operations.report.wait.buckets[0]?.count).toBe(stats.operations.report.total);
    return stats.operations.report.total;
  };

  it('the versions are one MES whose counters never fall, until it is itself started anew.', async () => {
    await versions();
    expect(await reports()).toBe(40);
    await plant.deploy();
    await versions();
    expect(await reports()).toBe(80);
    await versions();
    await plant.control('DELETE', '/release/candidate?holder=me');
    expect(await reports()).toBe(120);
    await versions();
    expect(await reports()).toBe(160);
    plant.stable.total = 5;
    expect(await reports()).toBe(5);
  });
});

it('The control API refuses who has not the token, and what it cannot understand.', async () => {
  expect((await plant.control('GET', '/release', undefined, 'wrong')).status).toBe(401);
  for (const bad of [{ share: 0 }, { share: 1.1 }, { version: '../x' }, { leaseMs: 5 }, { fail: 1 }])
    expect((await plant.control('PUT', '/release/candidate', wish(bad))).status).toBe(400);
  expect((await plant.state()).candidate).toBeNull();
});
