import { afterAll, beforeAll, describe, test } from 'vitest';
import { DockerEngine } from '../../kit/docker.ts';
import { dockerMissing, startTestEngine, testImage } from '../testing/docker-engine.ts';
import { type KillCase, KillRange, killRounds } from '../testing/kill-range.ts';

describe.skipIf(dockerMissing).concurrent(`A runner that pauses a container ${dockerMissing ?? ''}`, () => {
  const stack = new AsyncDisposableStack();
  const names = ['killed', 'alone'] as const;
  let docker: DockerEngine;
  let range: KillRange;

  beforeAll(async () => {
    const engine = stack.use(await startTestEngine());
    docker = new DockerEngine(engine.socket);
    for (const name of names)
      await engine.docker(
        'run',
        '-d',
        '--network',
        'none',
        '--name',
        name,
        testImage,
        '/bin/busybox',
        'sleep',
        '999',
      );
    const targetOf = (container: string) => ({ kind: 'container', container, socket: engine.socket });
    range = stack.use(new KillRange(Object.fromEntries(names.map((name) => [name, targetOf(name)]))));
  });
  afterAll(() => stack.disposeAsync());

  const cutOf = (target: string): KillCase => ({
    doom: { kind: 'network.cut', target, with: {} },
    present: async () => (await docker.inspect(target)).paused,
  });

  test(
    'and is killed by SIGKILL leaves it running within 5 s, whenever it dies',
    () => range.killAll(cutOf('killed')),
    killRounds * 60_000,
  );

  test('and is killed, its watchdog dead: its leash lets it run again', () =>
    range.killWatchdogToo(cutOf('alone')));
});
