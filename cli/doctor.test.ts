import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { shiftsSection } from '../alerts/shifts.ts';
import { systemClock } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';
import { runbooksSection } from '../runbooks/config.ts';
import { startRunbookService } from '../runbooks/server.ts';
import { temporaryFolder } from './testing/andon-process.ts';
import { runCli } from './testing/run-cli.ts';

const token = 'a-token-of-some-length';

test('The doctor says of each runbook whether it may act by itself and why, and of a service that is away how to start it.', async () => {
  using folder = temporaryFolder('doctor');
  const file = (name: string) => path.join(folder.path, name);
  const config = { listen: '127.0.0.1:0', token, store: file('r.sqlite'), audit: file('r.ndjson') };
  const service = await startRunbookService({
    ...{ config: runbooksSection.parse(config), targets: {}, prometheus: 'http://127.0.0.1:9' },
    ...{ shifts: shiftsSection.parse(undefined), fetch, clock: systemClock, log: silentLog },
  });
  writeFileSync(file('andon.yaml'), `runbooks: {listen: '127.0.0.1:${service.port}', token: ${token}}\n`);
  const said = async () => (await runCli(folder.path, 'doctor')).stdout;
  try {
    expect(await said()).toMatch(
      /✓ runbook release-db-lock +asks a person first: no drill has proven it yet/,
    );
    await fetch(`${service.url}/proofs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ runbook: 'release-db-lock', drill: 'db-lock', run: 'r1', passed: true }),
    });
    expect(await said()).toMatch(/✓ runbook release-db-lock +may act by itself: its last drill, db-lock at/);
  } finally {
    await service[Symbol.asyncDispose]();
  }
  expect(await said()).toMatch(
    /✗ runbook service +does not answer at .*; start it with: andon runbook serve/,
  );
});

test('Without a configuration the doctor says nothing of runbooks, and a wrong one is a finding.', async () => {
  using folder = temporaryFolder('doctor');
  expect((await runCli(folder.path, 'doctor')).stdout).not.toContain('runbook');
  writeFileSync(path.join(folder.path, 'andon.yaml'), 'runbooks: {tokn: x}\n');
  expect((await runCli(folder.path, 'doctor')).stdout).toMatch(/✗ andon.yaml.*unknown key "tokn"/s);
});
