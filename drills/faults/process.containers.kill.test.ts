import { afterAll, beforeAll, describe, test } from 'vitest';
import { DockerEngine } from '../../kit/docker.ts';
import { dockerMissing, startTestEngine } from '../../kit/testing/docker-engine.ts';
import { type KillCase, KillRange, killRounds } from '../testing/kill-range.ts';

/** One for each test: they run beside each other. None of them listens to SIGTERM. */
const names = ['killed', 'frozen', 'restarted', 'killed-alone', 'frozen-alone', 'restarted-alone'] as const;
type Name = (typeof names)[number];

describe.skipIf(dockerMissing)(`A container whose drill is killed by SIGKILL ${dockerMissing ?? ''}`, () => {
  const stack = new AsyncDisposableStack();
  let docker: DockerEngine;
  let range: KillRange;

  beforeAll(async () => {
    const { socket, sleeper } = stack.use(await startTestEngine());
    docker = new DockerEngine(socket);
    for (const name of names) await sleeper(name);
    const targets = names.map((container) => [container, { kind: 'container', container, socket }]);
    range = stack.use(new KillRange(Object.fromEntries(targets)));
  });
  afterAll(() => stack.disposeAsync());

  const down = (kind: string, target: Name, wish = {}): KillCase => ({
    doom: { kind, target, with: wish },
    present: async () => !(await docker.inspect(target)).running,
  });
  const frozen = (target: Name): KillCase => ({
    doom: { kind: 'process.pause', target, with: {} },
    present: async () => (await docker.inspect(target)).paused,
  });
  const restart = { grace: '100ms', down: '10m' };

  test.concurrent.each([
    down('process.kill', 'killed'),
    frozen('frozen'),
    down('process.restart', 'restarted', restart),
  ])(
    'lives and runs again within 5 s after $doom.kind, whenever the runner dies',
    (kind) => range.killAll(kind),
    killRounds * 60_000,
  );

  test.concurrent.each([
    { ...down('process.kill', 'killed-alone'), how: 'SIGKILL' as const },
    { ...frozen('frozen-alone'), how: 'SIGSTOP' as const },
    { ...down('process.restart', 'restarted-alone', restart), how: 'SIGSTOP' as const },
  ])(
    'has only its leash when the watchdog is dead too, and that suffices for $doom.kind ($how)',
    ({ how, ...kind }) => range.killWatchdogToo(kind, how),
    60_000,
  );
});
