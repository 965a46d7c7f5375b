import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LocalProcess } from '../../kit/process/local-process.ts';
import { processTable, treeOf } from '../../kit/process/process-table.ts';
import { startTimeOf } from '../../kit/process-identity.ts';
import { targetSchema } from '../../kit/targets.ts';
import { type SmallService, startSmallService } from '../../kit/testing/small-service.ts';
import { waitFor } from '../../kit/wait.ts';
import { stepWorld } from '../testing/step-world.ts';
import { tempFolder } from '../testing/temp-folder.ts';
import { processRestart } from './process-restart.ts';

const noHurry = () => AbortSignal.timeout(60_000);
const worldOf = ({ target }: Pick<SmallService, 'target'>) => stepWorld({ service: target });
const run = (service: Pick<SmallService, 'target'>, wish: object = {}, signal = noHurry()) =>
  processRestart.run(processRestart.params.parse({ older_than: '0s', ...wish }), worldOf(service), signal);

const pidIn = ({ pidFile }: SmallService) => Number(readFileSync(pidFile, 'utf8'));
const family = (pid: number) => treeOf(pid, processTable()).map((one) => one.pid);
const gone = (pid: number) =>
  waitFor(() => startTimeOf(pid) === undefined, { what: `the end of ${pid}`, timeoutMs: 20_000 });
const kill = async (service: SmallService) => {
  const pid = pidIn(service);
  process.kill(pid, 'SIGKILL');
  await gone(pid);
  return pid;
};

test('What is dead is started, and the result names its new life.', async () => {
  await using service = await startSmallService();
  const before = await kill(service);
  const result = await run(service);
  expect(result).toMatchObject({ outcome: 'succeeded', touched: 1, details: { before: null } });
  const after = await service.answering();
  expect(after).not.toBe(before);
  expect(result.details.after).toMatch(new RegExp(`^${after}@`));
});

test('What lives is asked to end, and lives another life afterwards.', async () => {
  await using service = await startSmallService();
  const before = pidIn(service);
  const result = await run(service);
  const after = await service.answering();
  expect(after).not.toBe(before);
  expect(result).toMatchObject({
    outcome: 'succeeded',
    touched: 1,
    details: {
      before: expect.stringMatching(new RegExp(`^${before}@`)),
      after: expect.stringMatching(new RegExp(`^${after}@`)),
      standingStill: false,
      childrenKilled: 0,
    },
  });
});

test('What does not listen to SIGTERM is killed after its grace.', async () => {
  await using service = await startSmallService('stubborn');
  const before = pidIn(service);
  expect(await run(service, { grace: '300ms' })).toMatchObject({ outcome: 'succeeded', touched: 1 });
  expect(await service.answering()).not.toBe(before);
});

test('What hangs is killed with its children that stand still, without waiting for a grace.', async () => {
  await using service = await startSmallService();
  const pid = pidIn(service);
  const all = family(pid);
  expect(all.length).toBeGreaterThan(1);
  const frozen = new LocalProcess('service', { ...service.target, production: false });
  await frozen.pause(await frozen.demand(), noHurry());
  expect(await run(service, { how: 'start' })).toMatchObject({
    outcome: 'failed',
    touched: 0,
    summary: expect.stringContaining('needs how: restart'),
  });
  expect(await run(service, { grace: '10m' })).toMatchObject({
    outcome: 'succeeded',
    details: { standingStill: true, childrenKilled: all.length - 1 },
  });
  expect(await service.answering()).not.toBe(pid);
  for (const one of all) await gone(one);
});

test('What has just been started by somebody else is left alone.', async () => {
  await using service = await startSmallService();
  const before = pidIn(service);
  const result = await run(service, { older_than: '1h' });
  expect(result).toMatchObject({ outcome: 'succeeded', touched: 0, details: { startedBy: 'others' } });
  expect(await service.answering()).toBe(before);
});

test('With how: start what lives is left alone, and carrying it out again does no more.', async () => {
  await using service = await startSmallService();
  await kill(service);
  expect(await run(service, { how: 'start' })).toMatchObject({ outcome: 'succeeded', touched: 1 });
  const after = await service.answering();
  expect(await run(service, { how: 'start' })).toMatchObject({ outcome: 'succeeded', touched: 0 });
  expect(await service.answering()).toBe(after);
  const repeatable = (wish: object) => processRestart.repeatable(processRestart.params.parse(wish));
  expect([repeatable({ how: 'start' }), repeatable({})]).toEqual([true, false]);
});

test('Two at the same moment, and a supervisor, leave one life.', async () => {
  await using service = await startSmallService();
  await kill(service);
  const supervisor = new LocalProcess('service', { ...service.target, production: false });
  const [first, second, theirs] = await Promise.all([
    run(service, { older_than: '1h' }),
    run(service, { older_than: '1h' }),
    supervisor.start(noHurry()),
  ]);
  expect([first.details.after, second.details.after]).toEqual([theirs.id, theirs.id]);
  expect(await service.answering()).toBe(theirs.pid);
});

test('What could not be started again is not ended.', async () => {
  await using service = await startSmallService();
  const before = pidIn(service);
  const broken = { target: { ...service.target, start: ['/no/such/program'] } };
  await expect(run(broken as never)).rejects.toMatchObject({ code: 'process.no-start' });
  expect(await service.answering()).toBe(before);
});

test('Broken off while it is ending, it is started after all and not left dead.', async () => {
  await using service = await startSmallService('stubborn');
  const before = pidIn(service);
  const stop = new AbortController();
  const restarting = run(service, { grace: '10m' }, stop.signal);
  restarting.catch(() => {});
  // By then it has been asked to end, and does not listen.
  for (let answers = 0; answers < 20; answers++) expect(await service.answering()).toBe(before);
  stop.abort(new Error('stopped'));
  await expect(restarting).rejects.toThrow('stopped');
  await gone(before);
  expect(await service.answering()).not.toBe(before);
});

test('A unit of systemd is ended and started by what systemd says of it.', async () => {
  using folder = tempFolder();
  const pid = folder.file('unit-pid');
  const bin = folder.file('systemctl');
  writeFileSync(pid, '0\n');
  writeFileSync(
    bin,
    `#!/bin/sh\ncase "$1" in show) cat ${pid} ;; start) setsid sleep 600 & echo $! > ${pid} ;; esac\n`,
  );
  chmodSync(bin, 0o755);
  const old = process.env.PATH;
  process.env.PATH = `${folder.path}:${old}`;
  try {
    const unit = { target: { kind: 'process', unit: 'mes.service' } } as never;
    const dead = await run(unit);
    expect(dead).toMatchObject({ outcome: 'succeeded', touched: 1, details: { before: null } });
    const first = Number(readFileSync(pid, 'utf8'));
    const again = await run(unit);
    expect(again.details.before).toBe(dead.details.after);
    expect(Number(readFileSync(pid, 'utf8'))).not.toBe(first);
    await gone(first);
  } finally {
    process.env.PATH = old;
    const last = Number(readFileSync(pid, 'utf8'));
    if (last > 0) process.kill(last, 'SIGKILL');
    rmSync(bin);
  }
});

test('The plan says what is ended, how, and what comes of it.', () => {
  const target = { kind: 'process', pid_file: '/run/mes.pid', start: ['/opt/mes/start'] };
  const world = stepWorld({ mes: target });
  const plan = (wish: object) => processRestart.plan(processRestart.params.parse(wish), world);
  expect(plan({}).map(({ does, on }) => `${does} | ${on}`)).toEqual([
    'end mes with all that belongs to it: SIGTERM, and SIGKILL after 10s (at once where it stands still); not where it has lived for less than 5s | the process named in /run/mes.pid',
    'start mes unless it lives | the process named in /run/mes.pid',
  ]);
  expect(plan({ how: 'start' })).toHaveLength(1);
  expect(processRestart.params.safeParse({ how: 'stop' }).success).toBe(false);
  expect(targetSchema.safeParse(target).success).toBe(true);
});
