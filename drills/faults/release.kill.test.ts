import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePorts } from '../../kit/ports.ts';
import { RouterClient } from '../../kit/release-router.ts';
import type { TargetOf } from '../../kit/targets.ts';
import { waitFor } from '../../kit/wait.ts';
import { startPlantProgram } from '../../plant/testing/plant-program.ts';
import { runName } from '../run-name.ts';
import { type KillCase, KillRange, killRounds } from '../testing/kill-range.ts';

const opened = new AsyncDisposableStack();
let range: KillRange;
let router: RouterClient;

/** A version that only answers starts without its database and queue. */
function settingsOf(folder: string, port: number) {
  const mes_settings = path.join(folder, 'mes.json');
  const away = { database: 'postgres://nobody@127.0.0.1:9/none', queue: 'amqp://127.0.0.1:9', tokens: {} };
  writeFileSync(mes_settings, JSON.stringify(away));
  return {
    control: { port },
    control_token: 'router',
    stable: { url: 'http://127.0.0.1:9' },
    mes_settings,
    folder,
    log_folder: folder,
    log_level: 'silent' as const,
  };
}

beforeAll(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'andon-release-kill-'));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  const [port = 0] = await freePorts(1);
  opened.use(await startPlantProgram('router', settingsOf(folder, port), folder));
  range = opened.use(
    new KillRange({
      'mes-release': { kind: 'release', control: `http://127.0.0.1:${port}`, token: 'router' },
    }),
  );
  router = new RouterClient(range.targets['mes-release'] as TargetOf<'release'>, fetch);
});
afterAll(() => opened.disposeAsync());

const bad: KillCase = {
  doom: { kind: 'release.bad', target: 'mes-release', with: { share: 0.5 } },
  present: async (run) => (await router.state()).candidate?.holder === runName(run),
};

test(
  'A runner that is killed by SIGKILL leaves no version of it within 5 s, whenever it dies',
  () => range.killAll(bad),
  killRounds * 60_000,
);

test.each(['SIGKILL', 'SIGSTOP'] as const)(
  'A runner that is ended by %s after its watchdog leaves the version to its lease, and the clean-up closes the log',
  (how) => range.killWatchdogToo(bad, how),
  120_000,
);

test('A router that dies takes its versions with it', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'andon-release-dies-'));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  const [port = 0] = await freePorts(1);
  const dying = await startPlantProgram('router', settingsOf(folder, port), folder);
  const headers = { authorization: 'Bearer router', 'content-type': 'application/json' };
  const wish = JSON.stringify({ version: 'orphan', holder: 'me', share: 1 });
  const control = `http://127.0.0.1:${port}/release`;
  await fetch(`${control}/candidate`, { method: 'PUT', headers, body: wish });
  const served = await waitFor(
    async () => {
      const state = (await (await fetch(control, { headers })).json()) as {
        candidate: { url: string | null };
      };
      return state.candidate.url ?? undefined;
    },
    { what: 'the version', timeoutMs: 40_000 },
  );
  expect((await fetch(`${served}/-/healthy`)).ok).toBe(true);
  process.kill(dying.pid, 'SIGKILL');
  await waitFor(
    () =>
      fetch(`${served}/-/healthy`).then(
        () => false,
        () => true,
      ),
    {
      what: 'the end of its version',
      timeoutMs: 20_000,
    },
  );
  await dying[Symbol.asyncDispose]();
});
