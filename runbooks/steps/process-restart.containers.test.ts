import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DockerEngine } from '../../kit/docker.ts';
import {
  dockerMissing,
  startTestEngine,
  type TestEngine,
  testImage,
} from '../../kit/testing/docker-engine.ts';
import { waitFor } from '../../kit/wait.ts';
import { stepWorld } from '../testing/step-world.ts';
import { tempFolder } from '../testing/temp-folder.ts';
import { processRestart } from './process-restart.ts';

const noHurry = () => AbortSignal.timeout(60_000);
/** Nobody waits that long: what needs it has not listened. */
const endless = '10m';
const listens = (name: string) => `trap "exit 0" ${name}; while :; do /bin/busybox sleep 1 & wait $!; done`;

describe.skipIf(dockerMissing)(`A container ${dockerMissing ?? ''}`, () => {
  const stack = new AsyncDisposableStack();
  let engine: TestEngine;
  let docker: DockerEngine;

  beforeAll(async () => {
    engine = stack.use(await startTestEngine());
    docker = new DockerEngine(engine.socket);
  }, 120_000);
  afterAll(() => stack.disposeAsync());

  /** Starts a container that runs this script, and returns its name. */
  async function container(name: string, script: string, ...options: string[]): Promise<string> {
    const program = [testImage, '/bin/busybox', 'sh', '-c', script];
    await engine.docker('run', '--detach', '--network', 'none', '--name', name, ...options, ...program);
    return name;
  }
  const run = (name: string, wish: object = {}, signal = noHurry()) => {
    const world = stepWorld({ mes: { kind: 'container', container: name, socket: engine.socket } });
    return processRestart.run(processRestart.params.parse({ older_than: '0s', ...wish }), world, signal);
  };
  const lifeOf = async (name: string) => {
    const { id, startedAt, running, paused } = await docker.inspect(name);
    expect([running, paused]).toEqual([true, false]);
    return `${id.slice(0, 12)}@${startedAt}`;
  };

  test('that runs is asked to end, and lives another life afterwards.', async () => {
    const name = await container('polite', listens('TERM'));
    const before = await lifeOf(name);
    const result = await run(name, { grace: endless });
    const after = await lifeOf(name);
    expect(after).not.toBe(before);
    expect(result).toMatchObject({
      outcome: 'succeeded',
      touched: 1,
      summary: `mes was ended (${before}) and started: it lives as ${after}`,
      details: { before, after, standingStill: false },
    });
  });

  test('whose image names another signal is asked by that one.', async () => {
    const name = await container('interrupted', listens('INT'), '--stop-signal', 'SIGINT');
    const before = await lifeOf(name);
    expect(await run(name, { grace: endless })).toMatchObject({ outcome: 'succeeded', touched: 1 });
    expect(await lifeOf(name)).not.toBe(before);
  });

  test('that does not listen is killed after its grace.', async () => {
    await engine.sleeper('deaf');
    const before = await lifeOf('deaf');
    expect(await run('deaf', { grace: '300ms' })).toMatchObject({ outcome: 'succeeded', touched: 1 });
    expect(await lifeOf('deaf')).not.toBe(before);
  });

  test('that is frozen is killed without waiting for a grace, and how: start says that it is not enough.', async () => {
    const name = await container('frozen', listens('TERM'));
    await docker.pause(name);
    expect(await run(name, { how: 'start' })).toMatchObject({
      outcome: 'failed',
      touched: 0,
      summary: expect.stringContaining('container frozen of mes is paused; it needs how: restart'),
    });
    expect((await docker.inspect(name)).paused).toBe(true);
    expect(await run(name, { grace: endless })).toMatchObject({
      outcome: 'succeeded',
      details: { standingStill: true },
    });
    await lifeOf(name);
  });

  test('that is dead is started, whatever how says, and how: start leaves it alone then.', async () => {
    const name = await container('dead', listens('TERM'));
    for (const how of ['restart', 'start']) {
      await docker.kill(name);
      expect(await run(name, { how })).toMatchObject({ touched: 1, details: { before: null } });
    }
    const before = await lifeOf(name);
    expect(await run(name, { how: 'start' })).toMatchObject({ outcome: 'succeeded', touched: 0 });
    expect(await lifeOf(name)).toBe(before);
  });

  test('that several start at the same moment lives one life.', async () => {
    const name = await container('wanted', listens('TERM'));
    await docker.kill(name);
    const [first, second] = await Promise.all([
      run(name, { older_than: '1h' }),
      run(name, { older_than: '1h' }),
      engine.docker('start', name),
    ]);
    const life = await lifeOf(name);
    expect([first.details.after, second.details.after]).toEqual([life, life]);
  });

  test('that has just been started by somebody else is left alone.', async () => {
    const name = await container('young', listens('TERM'));
    const before = await lifeOf(name);
    expect(await run(name, { older_than: '1h' })).toMatchObject({
      outcome: 'succeeded',
      touched: 0,
      details: { startedBy: 'others' },
    });
    expect(await lifeOf(name)).toBe(before);
  });

  test('that ends again at once has not been started: its exit code and its log are named.', async () => {
    const name = await container('hopeless', 'exit 3');
    await waitFor(async () => !(await docker.inspect(name)).running, { what: 'its end', timeoutMs: 20_000 });
    await expect(run(name)).rejects.toMatchObject({
      code: 'container.start',
      message: 'mes: container hopeless was started, and does not run (exit code 3)',
      mend: expect.stringContaining('docker logs'),
    });
  });

  test('that its engine starts again and again does not live, and is started without waiting for its turn.', async () => {
    using place = tempFolder();
    const script = `if [ -e /place/mended ]; then ${listens('TERM')}; fi; exit 3`;
    const options = ['--restart', 'always', '--volume', `${place.path}:/place`];
    const name = await container('looping', script, ...options);
    const restarting = () => docker.inspect(name).then((state) => state.restarting);
    await waitFor(restarting, { what: 'its engine to wait', timeoutMs: 20_000 });
    await expect(run(name, { how: 'start' }, AbortSignal.timeout(2000))).rejects.toThrow();
    // Each wait is twice as long as the one before it: in one that has just begun, nothing but the step starts it.
    const { startedAt } = await docker.inspect(name);
    const waitsAnew = async () => {
      const now = await docker.inspect(name);
      return now.restarting && now.startedAt !== startedAt;
    };
    await waitFor(waitsAnew, { what: 'its engine to wait again', timeoutMs: 60_000, everyMs: 20 });
    writeFileSync(place.file('mended'), '');
    expect(await run(name, { how: 'start' })).toMatchObject({
      outcome: 'succeeded',
      touched: 1,
      details: { before: null },
    });
    await lifeOf(name);
  });

  test('broken off while it is ending is started after all and not left dead.', async () => {
    await engine.sleeper('broken-off');
    const before = await lifeOf('broken-off');
    const stop = new AbortController();
    const restarting = run('broken-off', { grace: endless }, stop.signal);
    restarting.catch(() => {});
    // By then it has been asked to end, and does not listen.
    for (let looks = 0; looks < 50; looks++) expect(await lifeOf('broken-off')).toBe(before);
    stop.abort(new Error('stopped'));
    await expect(restarting).rejects.toThrow('stopped');
    expect(await lifeOf('broken-off')).not.toBe(before);
  });

  test('that is not there is named, with what to do.', async () => {
    for (const how of ['restart', 'start'])
      await expect(run('nobody', { how })).rejects.toMatchObject({
        code: 'container.unknown',
        message: 'mes: No such container: nobody',
        mend: 'Look with: docker ps -a; or correct targets: mes: container: in andon.yaml',
      });
  });

  test('whose engine does not answer is not touched, and it is said what to do.', async () => {
    const name = await container('unreached', listens('TERM'));
    const before = await lifeOf(name);
    process.kill(engine.pid, 'SIGSTOP');
    try {
      await expect(run(name)).rejects.toMatchObject({
        code: 'docker.no-answer',
        message: expect.stringContaining('has not answered within 5 s'),
        mend: expect.stringContaining('docker version'),
      });
    } finally {
      process.kill(engine.pid, 'SIGCONT');
    }
    expect(await lifeOf(name)).toBe(before);
  });
});

test('A container whose engine is not there is not restarted, and it is said how to start the engine.', async () => {
  const world = stepWorld({
    mes: { kind: 'container', container: 'mes', socket: '/nonexistent/docker.sock' },
  });
  const params = processRestart.params.parse({});
  await expect(processRestart.run(params, world, noHurry())).rejects.toMatchObject({
    code: 'docker.no-answer',
    mend: expect.stringContaining('systemctl start docker'),
  });
  expect(processRestart.plan(params, world)[0]?.does).toContain('the STOPSIGNAL of its image');
});
