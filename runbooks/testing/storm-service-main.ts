import { shiftsSection } from '../../alerts/shifts.ts';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { runbooksSection } from '../config.ts';
import { hashOfRunbook, runbookSchema } from '../schema/runbook.ts';
import { startRunbookService } from '../server.ts';
import { RunStore } from '../store/store.ts';
import { FakeStep } from './fake-step.ts';
import { stormRunbooks, stormToken } from './storm-service.ts';

/** The service as a process of its own, so that it can be killed: FOLDER PORT. Its runbooks answer every alert and do nothing. */
const [folder = '', port = '0'] = process.argv.slice(2);
const step = new FakeStep();
const runbooks = stormRunbooks.map((id) =>
  runbookSchema([step]).parse({
    id,
    title: 'Do nothing',
    triggers: [{ alert: 'MesDatabaseBlocked' }],
    mode: 'auto',
    cool_down: '0s',
    loop_breaker: { runs: 1_000_000, within: '1h' },
    steps: [{ step: step.kind }],
  }),
);
const config = runbooksSection.parse({
  listen: `127.0.0.1:${port}`,
  token: stormToken,
  store: `${folder}/runs.sqlite`,
  audit: `${folder}/audit.ndjson`,
});
{
  using store = new RunStore(config.store);
  const at = systemClock.now();
  for (const runbook of runbooks)
    store.proofs.record({
      ...{ runbook: runbook.id, drillRun: `drill-${at}`, runbookHash: hashOfRunbook(runbook) },
      ...{ drill: 'a-drill', passed: true, at },
    });
}
const service = await startRunbookService({
  ...{ config, targets: {}, prometheus: 'http://127.0.0.1:1', shifts: shiftsSection.parse(undefined) },
  ...{ fetch, clock: systemClock, log: silentLog, runbooks, steps: [step] },
});
process.stdout.write(`${service.url}\n`);
process.once('SIGTERM', async () => {
  await service[Symbol.asyncDispose]();
  process.exit();
});
