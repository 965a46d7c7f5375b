import { expect, onTestFinished, test } from 'vitest';
import { targetsSchema } from '../kit/targets.ts';
import { waitFor } from '../kit/wait.ts';
import { routerToken, startTestRouter } from '../plant/testing/fake-versions.ts';
import { findRunbook, loadCatalog } from './catalog.ts';
import { shippedSteps } from './steps/registry.ts';
import { EngineWorld, notice } from './testing/engine-world.ts';
import { plainServer } from './testing/plain-server.ts';

/** The shipped runbook, proven, before a real router; Prometheus says that operations succeed. */
async function failing() {
  const opened = new AsyncDisposableStack();
  onTestFinished(() => opened.disposeAsync());
  const plant = opened.use(await startTestRouter());
  const value = JSON.stringify({ data: { resultType: 'vector', result: [{ value: [0, '1'] }] } });
  const prometheus = opened.use(await plainServer((_seen, _request, response) => response.end(value)));
  const world = opened.use(new EngineWorld());
  const { runbook } = findRunbook(loadCatalog(), 'rollback-release');
  world.prove(runbook);
  world.runbooks = [runbook];
  world.targets = targetsSchema.parse({
    'mes-release': { kind: 'release', control: plant.router.control, token: routerToken },
  });
  const engine = opened.use(world.engine({ steps: shippedSteps, prometheus: prometheus.url }));
  const labels = { alertname: 'MesOperationsFailing', tier: 'A', target: 'mes' };
  const alert = () => engine.receive([notice({ labels })]);
  const told = () => world.store.messages.due(world.clock.now()).length;
  return { plant, world, alert, told };
}

test('Operations that fail without a version that may be the reason call nobody.', async () => {
  const { plant, world, alert, told } = await failing();
  const before = await plant.state();
  alert();
  expect(await world.settled()).toMatchObject([
    {
      outcome: 'not-needed',
      reason: expect.stringContaining('no version is on trial, and stable is the last one known to be good'),
      steps: [],
    },
  ]);
  expect(told()).toBe(0);
  expect(await plant.state()).toEqual(before);
});

test('A version on trial is withdrawn.', async () => {
  const { plant, world, alert } = await failing();
  await plant.deploy();
  alert();
  expect(await world.settled()).toMatchObject([{ outcome: 'succeeded', need: { applies: true } }]);
  expect((await plant.state()).candidate).toBeNull();
});

test('A router that does not answer is no reason to do nothing: the step says so, and a person is told.', async () => {
  const { plant, world, alert, told } = await failing();
  await plant.router[Symbol.asyncDispose]();
  alert();
  expect(await world.settled()).toMatchObject([
    { outcome: 'failed', need: { applies: 'unknown' }, steps: [{ step: 'release.halt', touched: 0 }] },
  ]);
  await waitFor(() => told() === 1, { what: 'the message', timeoutMs: 10_000, everyMs: 10 });
});
