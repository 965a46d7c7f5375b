import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { type Target, targetSchema } from '../../kit/targets.ts';
import { waitFor } from '../../kit/wait.ts';
import { parseYaml } from '../../kit/yaml-file.ts';
import type { Host, Injection } from '../fault.ts';
import { linksConfigSchema } from '../proxy/config.ts';
import { HttpFaultClient } from '../proxy/http-fault-client.ts';
import { startLinks } from '../proxy/link-server.ts';
import { drillSchema } from '../schema.ts';
import { HttpPeer, type HttpService, startHttpService } from '../testing/http-peer.ts';
import { noLeash } from '../testing/test-host.ts';
import { revert } from '../undo.ts';
import { httpFail } from './http-fail.ts';

const anyPort = { host: '127.0.0.1', port: 0 };
const never = new AbortController().signal;
const within = <T>(what: string, check: () => Promise<T | false> | T | false) =>
  waitFor(check, { what, timeoutMs: 30_000, everyMs: 10 });

type LinkTarget = Target & { kind: 'link' };
const linkTarget = (control: string, link = 'esign', protocol = 'http') =>
  targetSchema.parse({ kind: 'link', control, link, protocol }) as LinkTarget;

interface Bench {
  service: HttpService;
  peer: HttpPeer;
  target: LinkTarget;
  client: HttpFaultClient;
  stopProxy: () => Promise<void>;
  fail(run: string, wish: object, host?: Partial<Host>): Promise<Injection>;
}

async function bench(): Promise<Bench> {
  const service = await startHttpService();
  const way = { listen: anyPort, upstream: { ...anyPort, port: service.port } };
  const config = [
    { name: 'esign', protocol: 'http' as const, ...way },
    { name: 'db', ...way },
  ];
  const deps = { clock: systemClock, log: silentLog };
  const links = await startLinks({ listen: anyPort, links: config }, deps);
  const peer = new HttpPeer(links.links[0]?.port ?? 0);
  const target = linkTarget(links.url);
  onTestFinished(async () => {
    peer[Symbol.dispose]();
    await links[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });
  return {
    service,
    peer,
    target,
    client: new HttpFaultClient(target, fetch),
    stopProxy: async () => links[Symbol.asyncDispose](),
    async fail(run, wish, host = {}) {
      const params = httpFail.params.parse(wish);
      const named = { name: 'esign-link', target };
      const whole: Host = { ...deps, fetch, targets: { 'esign-link': target }, leash: noLeash, ...host };
      await httpFail.demand?.(params, named, whole);
      const plan = httpFail.plan(params, named, run, 60_000);
      const injection = await httpFail.inject(plan, params, named, whole, never);
      onTestFinished(() => injection[Symbol.asyncDispose]().then(null, () => {}));
      return injection;
    },
  };
}

const undoOf = (run: string) =>
  ({ kind: 'http-link.restore', target: 'esign-link', holder: `andon-drill-${run}` }) as const;

describe('http.fail', () => {
  test.each([
    [{ answers: 503 }, { status: 503 }],
    [{ reset: true }, { error: 'ECONNRESET' }],
    [{ nonsense: true }, { error: 'ECONNRESET' }],
  ])('%j makes requests fail, and leaves nothing behind', async (wish, outcome) => {
    const { peer, fail } = await bench();
    expect(await peer.ask()).toMatchObject({ status: 200 });
    const injection = await fail('r1', wish);
    expect(await peer.ask()).toMatchObject(outcome);
    await injection[Symbol.asyncDispose]();
    expect([await injection.touched(), await injection.residue()]).toEqual([1, []]);
    expect(await peer.ask()).toMatchObject({ status: 200 });
    expect(await Promise.race([injection.liftedByOthers, 'nobody else'])).toBe('nobody else');
  });

  test.each([[{ never: true }], [{ delay: '1h', jitter: '1m' }]])(
    '%j lets requests wait until it ends, and then pass',
    async (wish) => {
      const { peer, fail, service } = await bench();
      const injection = await fail('r1', wish);
      const waiting = peer.ask('/waits');
      await within('the hit', async () => (await injection.touched()) === 1);
      expect(service.seen).toEqual([]);
      await injection[Symbol.asyncDispose]();
      expect(await waiting).toMatchObject({ status: 200 });
      expect(await injection.residue()).toEqual([]);
    },
  );

  test('that meets no request, or none that it is about, touches nothing', async () => {
    const { peer, fail } = await bench();
    const injection = await fail('idle', { answers: 500, path: '/signatures', method: 'POST' });
    expect(await peer.ask('/signatures')).toMatchObject({ status: 200 });
    expect(await peer.ask('/other', { method: 'POST' })).toMatchObject({ status: 200 });
    await injection[Symbol.asyncDispose]();
    expect(await injection.touched()).toBe(0);
  });

  test('is renewed beyond its lease, and ended by the proxy when the renewals stop', async () => {
    const { client, fail } = await bench();
    let frozen = false;
    const clock = {
      ...systemClock,
      sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(frozen ? 3_600_000 : ms, signal),
    };
    const expires = async () => (await client.state()).httpFaults?.[0]?.expiresAt;
    const injection = await fail('frozen', { never: true }, { clock });
    const end = Date.parse((await expires()) ?? '');
    await within('two renewals', async () => Date.parse((await expires()) ?? '') - end > 1500);
    frozen = true;
    await within('the end of the lease', async () => (await expires()) === undefined);
    await injection.touched();
    expect(await injection.liftedByOthers).toBe('lease');
    expect(await expires(), 'a late sign of life does not make it again').toBeUndefined();
  });

  test('says so when someone else has ended it', async () => {
    const { client, fail } = await bench();
    const injection = await fail('healed', { answers: 500 });
    await client.restore('andon-drill-healed', 'runbook');
    expect(await injection.liftedByOthers).toBe('runbook');
  });

  test('is residue when it cannot be taken back, until the undo has done it, which may be done twice', async () => {
    const { client, target, fail, stopProxy } = await bench();
    const blocked: typeof fetch = (input, init) =>
      init?.method === 'DELETE' ? Promise.reject(new Error('cable in a knot')) : fetch(input, init);
    const injection = await fail('stuck', { answers: 500 }, { fetch: blocked });
    const hour = { holder: 'andon-drill-stuck', leaseMs: 3_600_000, renew: true };
    await expect(injection[Symbol.asyncDispose]()).rejects.toThrow('cable in a knot');
    await client.fail({ ...hour, fault: { kind: 'answer', status: 500 } });
    expect(await injection.residue()).toEqual(['esign-link still fails: answer by andon-drill-stuck']);
    const undo = () =>
      revert(undoOf('stuck'), { targets: { 'esign-link': target }, fetch }, AbortSignal.timeout(10_000));
    await undo();
    await undo();
    expect(await injection.residue()).toEqual([]);
    await stopProxy();
    expect(await injection.residue(), 'nothing is proven by silence').toEqual([
      expect.stringContaining('whether the failure of esign-link is left behind cannot be told'),
    ]);
    await undo();
  });

  test('of a stranger is not taken back by the undo', async () => {
    const { client, target } = await bench();
    await client.fail({ holder: 'stranger', leaseMs: 60_000, fault: { kind: 'hang' } });
    await revert(undoOf('mine'), { targets: { 'esign-link': target }, fetch }, AbortSignal.timeout(10_000));
    expect(await client.residue('stranger')).toEqual(['hang by stranger']);
  });

  test('whose request to the proxy loses its answer leaves nothing behind', async () => {
    const { client, fail } = await bench();
    const lossy: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init);
      if (init?.method === 'PUT') throw new Error('the answer is lost');
      return answer;
    };
    await expect(fail('lost', { answers: 500 }, { fetch: lossy })).rejects.toThrow('the answer is lost');
    expect(await client.residue('andon-drill-lost')).toEqual([]);
  });
});

describe('Before http.fail', () => {
  test('nothing is touched where another run is at work, the proxy is away, or knows the link as bytes', async () => {
    const { client, target, fail, stopProxy } = await bench();
    await client.fail({ holder: 'first', leaseMs: 60_000, fault: { kind: 'hang' } });
    await expect(fail('second', { answers: 500 })).rejects.toMatchObject({
      code: 'http-fail.refused',
      message: 'esign-link: link esign is held by first already',
      mend: expect.stringContaining('drill clean'),
    });
    const host = { clock: systemClock, log: silentLog, fetch, targets: {} };
    const demand = (link: LinkTarget) =>
      httpFail.demand?.(httpFail.params.parse({ reset: true }), { name: 'esign-link', target: link }, host);
    await expect(demand(linkTarget(target.control, 'db'))).rejects.toMatchObject({
      code: 'http-fail.tcp-link',
      mend: expect.stringContaining('protocol: http'),
    });
    await expect(demand(linkTarget(target.control, 'sign'))).rejects.toMatchObject({
      code: 'http-fail.no-proxy',
    });
    await stopProxy();
    await expect(demand(target)).rejects.toMatchObject({ code: 'http-fail.no-proxy' });
  });

  test('a link of bytes is refused with what to do', () => {
    const target = linkTarget('http://127.0.0.1:1', 'db', 'tcp');
    const plan = () =>
      httpFail.plan(httpFail.params.parse({ reset: true }), { name: 'mes-db-link', target }, 'r1', 1000);
    expect(plan).toThrow(expect.objectContaining({ mend: expect.stringContaining('protocol: http') }));
  });

  test.each([
    [{ answers: 503 }, 'all requests are answered 503 by the proxy and do not reach the service'],
    [{ delay: '8s', jitter: '2s', ratio: 0.25 }, '25 % of requests are passed on 8000 ms later, ± 2000 ms'],
    [
      { never: true, path: '/a', method: 'POST' },
      'all POST requests whose path begins with /a are not answered;',
    ],
  ])('%j is planned in words', (wish, words) => {
    const target = linkTarget('http://127.0.0.1:8474');
    const plan = httpFail.plan(httpFail.params.parse(wish), { name: 'esign-link', target }, 'r1', 1000);
    expect(plan.undo).toEqual(undoOf('r1'));
    expect(plan.effects.join('\n')).toContain(words);
  });

  test.each([
    [{}, 'needs exactly one of answers, delay, never, nonsense, reset; here is none'],
    [{ answers: 503, never: true }, 'here are answers and never'],
    [{ answers: 200 }, 'must be a status that says "failed": 400 to 599'],
    [{ delay: '8' }, '"8" is not a duration'],
    [{ delay: '0s' }, 'must be longer than 0s'],
    [{ delay: '1s', jitter: '2s' }, 'must not be longer than delay'],
    [{ reset: true, ratio: 0 }, 'ratio'],
    [{ reset: true, method: 'post' }, 'must be a method in capitals'],
    [{ reset: true, paht: '/' }, 'paht'],
  ])('%j is refused: %s', (wish, message) => {
    expect(JSON.stringify(httpFail.params.safeParse(wish).error?.issues)).toContain(
      JSON.stringify(message).slice(1, -1),
    );
  });
});

test('The examples of its document are good links and a good drill.', () => {
  const text = readFileSync(new URL('../../docs/drills/http.md', import.meta.url), 'utf8');
  const [links = '', drill = ''] = [...text.matchAll(/^```yml\n([\s\S]*?)^```$/gm)].map(([, yaml]) => yaml);
  expect(parseYaml('links', links, linksConfigSchema).links).toMatchObject([{ protocol: 'http' }]);
  const schema = drillSchema({ faults: [httpFail], alerts: new Map([['MesSyncLate', ['A', 'B', 'C']]]) });
  expect(parseYaml('drill', drill, schema).method).toMatchObject([
    { fault: 'http.fail', with: { never: true } },
  ]);
});
