import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startTimeOf } from '../process-identity.ts';
import { waitFor } from '../wait.ts';
import { LocalProcess } from './local-process.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'andon-process-'));
const left: number[] = [];
afterAll(() => {
  for (const pid of left) if (startTimeOf(pid) !== undefined) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true });
});
const noHurry = () => AbortSignal.timeout(30_000);
const common = { kind: 'process', drillable: true, production: false } as const;

/** A systemctl that knows one unit: a process whose id stands in a file. */
function systemctl(script: string): string {
  const file = path.join(folder, 'systemctl');
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

test('A unit is found, ended and started again by what systemd says.', async () => {
  const asked = path.join(folder, 'asked');
  const pid = path.join(folder, 'unit-pid');
  writeFileSync(pid, '0\n');
  const fake = systemctl(`echo "$@" >> ${asked}
    case "$1" in show) cat ${pid} ;; start) setsid sleep 600 & echo $! > ${pid} ;; esac`);
  const service = new LocalProcess('mes', { ...common, unit: 'mes.service' }, fake);
  expect(await service.life()).toBeUndefined();
  await expect(service.demand()).rejects.toMatchObject({
    code: 'process.not-running',
    mend: expect.stringContaining('systemctl start mes.service'),
  });
  const life = await service.start(noHurry());
  left.push(life.pid);
  expect(await service.demand()).toEqual(life);
  await service.send(life, 'SIGKILL');
  await waitFor(async () => (await service.life()) === undefined, { what: 'its end', timeoutMs: 10_000 });
  const calls = new Set(readFileSync(asked, 'utf8').trim().split('\n'));
  expect([...calls]).toEqual(['show --property=MainPID --value -- mes.service', 'start mes.service']);
});

test('Where systemd does not answer, the error says what to try.', async () => {
  const service = new LocalProcess(
    'mes',
    { ...common, unit: 'mes.service' },
    systemctl('echo "no bus" >&2; exit 1'),
  );
  await expect(service.demand()).rejects.toMatchObject({
    code: 'process.systemctl',
    message: expect.stringContaining('no bus'),
    mend: expect.stringContaining('pid_file'),
  });
});

test.runIf(process.getuid?.() === 0)(
  'Who may not signal it is told so, and nothing happens to it.',
  async () => {
    const { pid = 0 } = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    left.push(pid);
    const file = path.join(folder, 'foreign-pid');
    writeFileSync(file, String(pid));
    const program = `const { LocalProcess } = await import(${JSON.stringify(path.join(import.meta.dirname, 'local-process.ts'))});
    process.setgroups([]); process.setgid(65534); process.setuid(65534);
    const target = ${JSON.stringify({ ...common, pid_file: file, start: ['/bin/true'] })};
    await new LocalProcess('mes', target).demand().catch(({ code, mend }) => console.log(code, mend));`;
    chmodSync(folder, 0o755);
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    expect(said).toBe('process.no-right Run Andon as root or as the user that the process belongs to.\n');
    expect(startTimeOf(pid)).toBeDefined();
  },
);
