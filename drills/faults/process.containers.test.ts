import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DockerEngine } from '../../kit/docker.ts';
import { dockerMissing, startTestEngine, type TestEngine } from '../../kit/testing/docker-engine.ts';
import type { Fault } from '../fault.ts';
import { testHost } from '../testing/test-host.ts';
import { revert } from '../undo.ts';
import { processKill } from './process-kill.ts';
import { processPause } from './process-pause.ts';
import { processRestart } from './process-restart.ts';

const stack = new AsyncDisposableStack();
const never = new AbortController().signal;
let engine: TestEngine;

/** A container that sleeps, and one fault planned for it. */
async function faultOn(fault: Fault, name: string, wish: object = {}) {
  await engine.sleeper(name);
  const { host, targets, ...folder } = testHost({
    [name]: { kind: 'container', container: name, socket: engine.socket },
  });
  stack.use(folder);
  const named = { name, target: targets[name] ?? expect.fail() };
  const params = fault.params.parse(wish);
  const plan = fault.plan(params, named, `test-${name}`, 60_000);
  return {
    demand: async () => fault.demand?.(params, named, host),
    inject: () => fault.inject(plan, params, named, host, never),
    undo: () => revert(plan.undo, { targets, fetch }, AbortSignal.timeout(30_000)),
    state: () => new DockerEngine(engine.socket).inspect(name),
  };
}

describe.skipIf(dockerMissing !== undefined)(
  `A container${dockerMissing ? ` (${dockerMissing})` : ''}`,
  () => {
    beforeAll(async () => {
      engine = stack.use(await startTestEngine());
    }, 120_000);
    afterAll(() => stack.disposeAsync());

    test('is killed, and started at the end.', async () => {
      const { demand, inject, undo, state } = await faultOn(processKill, 'killed');
      await demand();
      const before = await state();
      const injection = await inject();
      expect([(await state()).running, await injection.touched()]).toEqual([false, 1]);
      await expect(demand(), 'of what does not run').rejects.toMatchObject({ code: 'container.not-running' });
      await injection[Symbol.asyncDispose]();
      expect(await injection.residue()).toEqual([]);
      const after = await state();
      expect([after.running, after.startedAt === before.startedAt]).toEqual([true, false]);
      await undo();
      expect(await state()).toEqual(after);
    });

    test('is frozen as a whole, and thawed.', async () => {
      const { demand, inject, undo, state } = await faultOn(processPause, 'frozen');
      const injection = await inject();
      expect([(await state()).paused, await injection.touched()]).toEqual([true, 1]);
      await expect(demand()).rejects.toMatchObject({ code: 'process.paused-already' });
      await undo();
      expect(await injection.liftedByOthers).toBe('others');
      await injection[Symbol.asyncDispose]();
      expect([await injection.residue(), (await state()).paused]).toEqual([[], false]);
    });

    test('that does not listen to TERM is killed after its grace, and started again.', async () => {
      const { inject, state } = await faultOn(processRestart, 'restarted', { grace: '300ms' });
      const before = await state();
      await using injection = await inject();
      expect(await injection.liftedByOthers).toBe('its own restart');
      const after = await state();
      expect([after.running, after.startedAt === before.startedAt]).toEqual([true, false]);
    });

    test('that is not there is named, with what to do.', async () => {
      const { demand, undo } = await faultOn(processKill, 'removed');
      await engine.docker('rm', '-f', 'removed');
      await expect(demand()).rejects.toMatchObject({
        code: 'container.unknown',
        mend: expect.stringContaining('docker ps -a'),
      });
      await expect(undo()).rejects.toThrow('No such container');
    });
  },
);
