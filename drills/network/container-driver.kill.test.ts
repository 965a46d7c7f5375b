import { afterAll, beforeAll, describe, test } from 'vitest';
import { DockerEngine } from '../../kit/docker.ts';
import { dockerMissing, startTestEngine } from '../../kit/testing/docker-engine.ts';
import { type KillCase, KillRange, killRounds } from '../testing/kill-range.ts';

describe.skipIf(dockerMissing).concurrent(`A runner that cuts a container off ${dockerMissing ?? ''}`, () => {
  const stack = new AsyncDisposableStack();
  const network = 'plant';
  let docker: DockerEngine;
  let range: KillRange;

  beforeAll(async () => {
    const engine = stack.use(await startTestEngine());
    docker = new DockerEngine(engine.socket);
    await engine.docker('network', 'create', network);
    const paused = ['paused', 'paused-alone', 'paused-frozen'];
    const taken = ['taken', 'taken-alone'];
    for (const name of paused) await engine.sleeper(name);
    for (const name of taken) await engine.sleeper(name, network);
    const targetOf = (container: string) => [
      container,
      {
        kind: 'container',
        container,
        socket: engine.socket,
        ...(taken.includes(container) ? { network: { name: network } } : {}),
      },
    ];
    range = stack.use(new KillRange(Object.fromEntries([...paused, ...taken].map(targetOf))));
  });
  afterAll(() => stack.disposeAsync());

  const cutOf = (target: string): KillCase => ({
    doom: { kind: 'network.cut', target, with: {} },
    async present() {
      const { paused, networks } = await docker.inspect(target);
      return paused || (target.startsWith('taken') && !(network in networks));
    },
  });

  test.each([cutOf('paused'), cutOf('taken')])(
    'and is killed by SIGKILL leaves it as it was within 5 s, whenever it dies: $doom.target',
    (cut) => range.killAll(cut),
    killRounds * 60_000,
  );

  test.each([
    ['paused-alone', 'SIGKILL'],
    ['paused-frozen', 'SIGSTOP'],
    ['taken-alone', 'SIGKILL'],
  ] as const)('of %s gets %s, its watchdog dead: its leash takes the cut back', (target, how) =>
    range.killWatchdogToo(cutOf(target), how),
  );
});
