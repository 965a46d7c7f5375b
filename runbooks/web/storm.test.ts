import { expect, test } from 'vitest';
import { freePorts } from '../../kit/ports.ts';
import { openSqlite } from '../../kit/sqlite.ts';
import { waitFor } from '../../kit/wait.ts';
import { verifyAudit } from '../audit/audit.ts';
import { RunStore } from '../store/store.ts';
import { type Delivery, perInstance, stormOf } from '../testing/deliveries.ts';
import { sendStorm } from '../testing/storm-sender.ts';
import { type StormService, startStormService, stormRunbooks } from '../testing/storm-service.ts';
import { tempFolder } from '../testing/temp-folder.ts';

const instances = 60;

/** What is wrong with the runs for these deliveries. */
function problems(
  storm: readonly Delivery[],
  runs: readonly { runbook: string; fingerprint: string }[],
): string[] {
  const expected = new Set(storm.flatMap(({ firing }) => firing));
  const counts = Map.groupBy(runs, ({ runbook, fingerprint }) => `${runbook} ${fingerprint}`);
  const wanted = stormRunbooks.flatMap((runbook) => [...expected].map((one) => `${runbook} ${one}`));
  return [
    ...wanted.filter((name) => !counts.has(name)).map((name) => `lost: ${name}`),
    ...[...counts].filter(([, { length }]) => length > 1).map(([name]) => `twice: ${name}`),
  ];
}

test('A storm of duplicates, out of order and resolved before firing, with a kill in its middle: each alert has its one run.', async () => {
  using folder = tempFolder();
  const storm = stormOf(instances);
  // One that nobody else is given while it is down.
  const [port] = await freePorts(1);
  const first = await startStormService(folder.path, String(port));
  let second: StormService | undefined;
  let restarted: Promise<void> | undefined;
  const killInTheMiddle = async () => {
    await first.kill();
    second = await startStormService(folder.path, first.port);
  };
  const result = await sendStorm(storm, { url: first.url, perSecond: 200, connections: 8 }, (sent) => {
    if (sent > storm.length / 2) restarted ??= killInTheMiddle();
  });
  await restarted;
  await using _service = second;
  expect(result.answered).toHaveLength(instances * perInstance);
  expect(result.again).toBeGreaterThan(0);
  using store = new RunStore(folder.file('runs.sqlite'));
  await waitFor(() => store.look.open(1).length === 0, { what: 'the end of all runs', timeoutMs: 120_000 });
  await second?.stop();
  const runs = store.runs(0);
  expect(problems(storm, runs)).toEqual([]);
  // A step that a kill has cut off is never begun again, and every other one is carried out once.
  const begun = runs.map(({ steps }) => steps.length);
  expect(Math.max(...begun)).toBe(1);
  const interrupted = runs.filter(({ steps }) => steps[0]?.outcome === 'interrupted');
  expect(interrupted.every(({ outcome }) => outcome === 'handed-off')).toBe(true);
  expect(runs.filter(({ outcome }) => outcome === 'succeeded').length).toBeGreaterThan(0);
  expect(verifyAudit(folder.file('audit.ndjson'))).toMatchObject({ ok: true });
  // The controls: a run that is missing and one that is there twice are found.
  expect(problems(storm, runs.slice(1))).toHaveLength(1);
  expect(problems(storm, [...runs, ...runs.slice(0, 1)])).toHaveLength(1);
}, 180_000);

test('What cannot be stored is not acknowledged, and what was acknowledged is there after a kill at once.', async () => {
  using folder = tempFolder();
  const service = await startStormService(folder.path);
  await using _ended = service;
  const storm = stormOf(4);
  // Another writer holds the store for longer than anybody waits for it.
  const blocking = openSqlite(folder.file('runs.sqlite'));
  blocking.exec('BEGIN IMMEDIATE');
  const sending = sendStorm(storm, { url: service.url, perSecond: 1000, connections: 4 });
  let refused = 0;
  await waitFor(
    async () => {
      const { status } = await fetch(`${service.url}/alertmanager`, {
        method: 'POST',
        headers: { authorization: 'Bearer a-token-of-some-length' },
        body: storm[0]?.body ?? '',
      });
      refused = status;
      return status === 503;
    },
    { what: 'the first 503', timeoutMs: 60_000 },
  );
  expect(refused).toBe(503);
  blocking.exec('ROLLBACK');
  blocking.close();
  await sending;
  await service.kill();
  using store = new RunStore(folder.file('runs.sqlite'));
  expect(problems(storm, store.runs(0))).toEqual([]);
}, 240_000);
