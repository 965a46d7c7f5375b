import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { type TargetOf, targetSchema } from '../../kit/targets.ts';
import {
  dockerMissing,
  startTestEngine,
  type TestEngine,
  testImage,
} from '../../kit/testing/docker-engine.ts';
import { drop, never, touchedBy, within } from '../testing/network-holds.ts';
import { type FarPeer, startPeerIn } from '../testing/network-namespaces.ts';
import { byHand, revert } from '../undo.ts';
import { containerDriver } from './container-driver.ts';
import type { Disturbance } from './driver.ts';

const host = { fetch, clock: systemClock, log: silentLog };
const holder = 'andon-drill-r1~cut';

const named = (target: object) => ({
  name: 'mes',
  target: targetSchema.parse({ kind: 'container', ...target }) as TargetOf<'container'>,
});

describe.skipIf(dockerMissing)(`A container ${dockerMissing ?? ''}`, () => {
  const stack = new AsyncDisposableStack();
  let engine: TestEngine;
  let outside: FarPeer;
  let ids = 0;

  beforeAll(async () => {
    engine = stack.use(await startTestEngine());
    await engine.docker('network', 'create', 'plant');
    outside = startPeerIn(engine.namespaceFile, stack);
  });
  afterAll(() => stack.disposeAsync());

  /** A container that echoes on port 7, somebody outside who talks to it, and who cuts it off. */
  async function bench(wish: object = {}) {
    const container = `mes-${++ids}`;
    const place = ['--network', 'plant', '--network-alias', 'mes-service', '--name', container];
    await engine.docker(
      'run',
      '-d',
      ...place,
      testImage,
      '/bin/busybox',
      'nc',
      '-ll',
      '-p',
      '7',
      '-e',
      '/bin/busybox',
      'cat',
    );
    const address = () =>
      engine.docker('inspect', '-f', '{{(index .NetworkSettings.Networks "plant").IPAddress}}', container);
    const target = named({ container, socket: engine.socket, ...wish });
    const undo = containerDriver.undo(target, holder);
    return {
      container,
      target,
      hold: () => containerDriver.hold(target, holder, host),
      undo: () => revert(undo, { targets: { mes: target.target }, fetch }, never),
      byHand: byHand(undo, { mes: target.target }),
      /** Connects and gets an answer; waits for the server to listen. */
      async talk() {
        const to = { host: await address(), port: 7 };
        return await within('an answer', async () => {
          const id = `client-${++ids}`;
          outside.order({ do: 'connect', id, ...to });
          const first = await within('a first word', () => wordsOf(id)[0] ?? false);
          if (first.event !== 'connected') return false;
          await echo(id, 1);
          return id;
        });
      },
    };
  }
  const wordsOf = (id: string) => outside.said.filter((one) => one.id === id);
  const bytesOf = (id: string) => {
    const last = wordsOf(id).findLast(({ event }) => event === 'got');
    return last?.event === 'got' ? last.bytes : 0;
  };
  const echo = async (id: string, bytes: number) => {
    outside.order({ do: 'send', id, text: 'x' });
    await within('the echo', () => bytesOf(id) === bytes);
  };

  test('that is paused hangs with its connections, which go on after the undo, twice', async () => {
    const { hold, talk, undo, target, byHand: line, container } = await bench();
    const client = await talk();
    await containerDriver.demand(target, host);
    const cut = hold();
    await cut.set(drop, never);
    expect(await touchedBy(cut)).toBe(1);
    outside.order({ do: 'send', id: client, text: 'yz' });
    expect(await cut.residue()).toEqual([`mes (container ${container}) is still paused`]);
    await expect(hold().set(drop, never)).rejects.toThrow('is paused already');
    expect(bytesOf(client)).toBe(1);
    await undo();
    await undo();
    await within('what waited', () => bytesOf(client) === 3);
    expect([await cut.residue(), await cut.renew(), line]).toEqual([
      [],
      { held: false, by: 'others' },
      `Run: docker unpause ${container}`,
    ]);
    await cut.release();
  });

  test('that loses its network is not reached, and gets it back with its names', async () => {
    const network = { name: 'plant', aliases: ['mes-service'] };
    const { hold, talk, undo, container, target } = await bench({ network });
    const client = await talk();
    await containerDriver.demand(target, host);
    const cut = hold();
    await cut.set(drop, never);
    expect(await touchedBy(cut)).toBe(1);
    outside.order({ do: 'send', id: client, text: 'lost' });
    expect(await engine.docker('inspect', '-f', '{{len .NetworkSettings.Networks}}', container)).toBe('0');
    expect(await cut.residue()).toEqual([`mes (container ${container}) is still without its network plant`]);
    await undo();
    await undo();
    expect(bytesOf(client)).toBe(1);
    const aliases = '{{(index .NetworkSettings.Networks "plant").Aliases}}';
    expect(await engine.docker('inspect', '-f', aliases, container)).toContain('mes-service');
    expect(await cut.residue()).toEqual([]);
    await talk();
  });

  test('goes in and out under one hold, and is left alone where nobody is connected', async () => {
    const { hold, talk } = await bench();
    const cut = hold();
    await cut.set(drop, never);
    expect(await touchedBy(cut)).toBe(0);
    await cut.set(null, never);
    const client = await talk();
    await cut.set(drop, never);
    expect(await touchedBy(cut)).toBe(1);
    await cut.release();
    await echo(client, 2);
  });

  test('is asked before: gone, stopped, on another network, or with names that would be lost', async () => {
    const { container } = await bench();
    const demand = (wish: object) =>
      containerDriver.demand(named({ container, socket: engine.socket, ...wish }), host);
    await expect(demand({ network: { name: 'plant' } })).rejects.toThrow('would lose its names mes-service');
    await expect(demand({ network: { name: 'office' } })).rejects.toThrow('(it is on: plant)');
    await expect(demand({ container: 'nobody' })).rejects.toThrow('No such container');
    await engine.docker(
      'run',
      '-d',
      '--network',
      'host',
      '--name',
      'hosted',
      testImage,
      '/bin/busybox',
      'sleep',
      '999',
    );
    await expect(demand({ container: 'hosted' })).rejects.toMatchObject({ code: 'container.uncounted' });
    await engine.docker('kill', container);
    await expect(demand({})).rejects.toMatchObject({ mend: `docker start ${container}` });
  });

  test('that is gone has nothing to undo', async () => {
    const { container, hold, undo } = await bench();
    const cut = hold();
    await cut.set(drop, never);
    await engine.docker('rm', '-f', container);
    await undo();
    expect([await cut.renew(), await cut.residue()]).toEqual([{ held: false, by: 'others' }, []]);
    await cut.release();
  });
});

test('A container without an engine cannot be cut off, nor in ways that engines do not have', async () => {
  const target = named({ container: 'mes', socket: '/nonexistent/docker.sock' });
  await expect(containerDriver.demand(target, host)).rejects.toMatchObject({
    code: 'docker.no-answer',
    mend: expect.stringContaining('docker.io'),
  });
  const why = (disturbance: Disturbance) => containerDriver.cannot(disturbance, target.target);
  expect(why(drop)).toBeUndefined();
  expect(why({ ...drop, mode: 'reset' })).toContain('mode drop');
  expect(why({ ...drop, direction: 'upstream' })).toContain('direction');
  expect(why({ kind: 'loss', ratio: 0.1, direction: 'both' })).toContain('only cut');
});
