import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePorts } from '../../kit/ports.ts';
import { RouterClient } from '../../kit/release-router.ts';
import { waitFor } from '../../kit/wait.ts';
import { startTestRouter, type TestRouter, type TestRouterOptions } from '../testing/fake-versions.ts';
import { startPlantProgram } from '../testing/plant-program.ts';

let opened: AsyncDisposableStack;
let folder: string;
let stateFile: string;
beforeEach(() => {
  opened = new AsyncDisposableStack();
  folder = mkdtempSync(path.join(tmpdir(), 'andon-router-'));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  stateFile = path.join(folder, 'state.json');
});
afterEach(() => opened.disposeAsync());

const start = async (options: TestRouterOptions = {}) =>
  opened.use(await startTestRouter({ stateFile, ...options }));

async function promoted(plant: TestRouter, version: string): Promise<void> {
  await plant.deploy({ version, holder: `release ${version}` });
  const answer = await plant.control('POST', '/release/promote', { holder: `release ${version}` });
  expect(answer.status).toBe(200);
}

/** Routers one after the other over the same file: what each of them is told, and the one that comes after them. */
async function restarted(work: (plant: TestRouter) => Promise<void>, options: TestRouterOptions = {}) {
  const before = await start();
  await work(before);
  await before.router[Symbol.asyncDispose]();
  return start(options);
}

it('A promoted version is there again after a restart, with when and by whom, and so is the one before it.', async () => {
  let before: unknown;
  const plant = await restarted(async (router) => {
    await promoted(router, '2.0');
    await promoted(router, '3.0');
    before = await router.state();
  });
  const { stable, lastCandidate } = await plant.state();
  expect(before).toMatchObject({
    stable: { version: '3.0', promotedAt: stable.promotedAt },
    lastCandidate: { version: '3.0', by: 'promoted', holder: 'release 3.0' },
  });
  expect(lastCandidate).toMatchObject({
    version: '3.0',
    by: 'promoted',
    holder: 'release 3.0',
    requests: null,
  });
  expect(await plant.versionOf()).toBe('3.0');
  await plant.control('POST', '/release/rollback', { from: '3.0', by: 'runbook' });
  expect(await plant.versionOf()).toBe('2.0');
});

it('What was gone back from stays away after a restart, and a version on trial is withdrawn by it.', async () => {
  const plant = await restarted(async (router) => {
    await promoted(router, '2.0');
    await promoted(router, '3.0');
    await router.control('POST', '/release/rollback', { from: '3.0', by: 'runbook', operation: 'op-1' });
    await router.deploy({ version: '4.0' });
  });
  expect(await plant.state()).toMatchObject({
    stable: { version: '2.0', promotedAt: null },
    candidate: null,
    lastCandidate: { version: '3.0', by: 'runbook', operation: 'op-1' },
  });
});

it.for([
  [['3.0'], '2.0'],
  [['3.0', '2.0'], 'stable'],
] as const)(
  'Where %j do not start again everybody gets %s, and the router says so.',
  async ([broken, version]) => {
    const plant = await restarted(
      async (router) => {
        await promoted(router, '2.0');
        await promoted(router, '3.0');
      },
      { broken },
    );
    expect(await plant.versionOf()).toBe(version);
    expect(await plant.state()).toMatchObject({
      stable: { version },
      lastCandidate: { version: '3.0', by: 'start-failed', holder: 'release 3.0' },
    });
    // That is how it stands from now on: the next restart does not bring it back in silence.
    await plant[Symbol.asyncDispose]();
    expect(await (await start()).versionOf()).toBe(version);
  },
);

it('A file that cannot be understood does not stop the plant: everybody gets the first version.', async () => {
  writeFileSync(stateFile, '{"promoted": "3.0"}');
  const plant = await start();
  expect(await plant.versionOf()).toBe('stable');
  await promoted(plant, '2.0');
  expect(JSON.parse(readFileSync(stateFile, 'utf8'))).toMatchObject({ promoted: { version: '2.0' } });
});

it('What cannot be kept is not promoted; going back is never refused.', async () => {
  const plant = await start();
  await promoted(plant, '2.0');
  await plant.deploy({ version: '3.0', holder: 'you' });
  rmSync(stateFile);
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'a file where the folder was');
  expect((await plant.control('POST', '/release/promote', { holder: 'you' })).status).toBe(503);
  expect(await plant.state()).toMatchObject({ stable: { version: '2.0' }, candidate: { version: '3.0' } });
  expect((await plant.control('POST', '/release/rollback', { from: '2.0' })).status).toBe(200);
  expect((await plant.state()).stable.version).toBe('stable');
});

it('A router without a file begins with the first version.', async () => {
  const before = opened.use(await startTestRouter());
  await promoted(before, '2.0');
  await before[Symbol.asyncDispose]();
  expect(await opened.use(await startTestRouter()).versionOf()).toBe('stable');
});

it('A real router that is killed by SIGKILL starts its promoted version again, before it serves anybody.', async () => {
  const [control = 0, listen = 0] = await freePorts(2);
  const mes_settings = path.join(folder, 'mes.json');
  const away = { database: 'postgres://nobody@127.0.0.1:9/none', queue: 'amqp://127.0.0.1:9', tokens: {} };
  writeFileSync(mes_settings, JSON.stringify(away));
  const settings = {
    ...{
      listen: { port: listen },
      control: { port: control },
      control_token: 't',
      log_level: 'silent' as const,
    },
    ...{
      stable: { url: 'http://127.0.0.1:9' },
      mes_settings,
      folder,
      log_folder: folder,
      state_file: stateFile,
    },
  };
  const target = { kind: 'release' as const, control: `http://127.0.0.1:${control}`, token: 't' };
  const client = new RouterClient({ ...target, drillable: false, production: false }, fetch);
  const first = await startPlantProgram('router', settings, folder);
  await client.deploy({ version: '2.0', share: 1, holder: 'me' });
  const serves = async () => (await client.state()).candidate?.state === 'serving';
  await waitFor(serves, { what: 'the version', timeoutMs: 40_000 });
  expect(await client.promote('me')).toMatchObject({ ok: true });
  process.kill(first.pid, 'SIGKILL');
  await first[Symbol.asyncDispose]();

  const second = opened.use(await startPlantProgram('router', settings, folder));
  expect((await client.state()).stable).toMatchObject({ version: '2.0', promotedAt: expect.any(String) });
  // The first version is not there at all: it is the second that answers.
  expect((await fetch(`${second.url}/-/healthy`)).status).toBe(200);
}, 120_000);
