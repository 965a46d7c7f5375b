import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { shiftsSection } from '../../alerts/shifts.ts';
import { runCli } from '../../cli/testing/run-cli.ts';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { AuditLog } from '../audit/audit.ts';
import { runbooksSection } from '../config.ts';
import { startRunbookService } from '../server.ts';
import { tempFolder } from '../testing/temp-folder.ts';

const token = 'a-token-of-some-length';

test('With one letter of the audit log changed the service does not start, and audit --verify ends with 1.', async () => {
  using folder = tempFolder();
  const [audit, store] = [folder.file('audit.ndjson'), folder.file('runs.sqlite')];
  const config = runbooksSection.parse({ listen: '127.0.0.1:0', token, audit, store });
  writeFileSync(
    folder.file('andon.yaml'),
    `targets: {}\nprometheus: {url: "http://127.0.0.1:1"}\nrunbooks: {token: ${token}, audit: "${audit}", store: "${store}"}\n`,
  );
  const start = () =>
    startRunbookService({
      ...{ config, targets: {}, prometheus: 'http://127.0.0.1:1', shifts: shiftsSection.parse(undefined) },
      ...{ fetch, clock: systemClock, log: silentLog },
    });
  {
    using log = new AuditLog(audit, systemClock);
    for (const by of ['wang', 'li']) log.append('approval.decided', { run: 1, decision: 'approved', by });
  }
  // The control: untouched it is in order and the service starts.
  expect((await runCli(folder.path, 'runbook', 'audit', '--verify')).code).toBe(0);
  await (await start())[Symbol.asyncDispose]();
  writeFileSync(audit, readFileSync(audit, 'utf8').replace('"by":"wang"', '"by":"chen"'));
  await expect(start()).rejects.toMatchObject({ code: 'runbook.audit-broken' });
  const verified = await runCli(folder.path, 'runbook', 'audit', '--verify');
  expect([verified.code, JSON.parse(verified.stdout)]).toMatchObject([1, { ok: false, line: 1 }]);
});
