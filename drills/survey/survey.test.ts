import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { type Target, targetSchema } from '../../kit/targets.ts';
import { waitFor } from '../../kit/wait.ts';
import { startTestMariadb, type TestMariadb } from '../../lab/testing/mariadb.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import { HttpFaultClient } from '../proxy/http-fault-client.ts';
import { LinkClient } from '../proxy/link-client.ts';
import { startLinks } from '../proxy/link-server.ts';
import { runName } from '../run-name.ts';
import { startPeerServer } from '../testing/tcp-peer.ts';
import { tempFolder } from '../testing/temp-folder.ts';
import { newSince, survey } from './survey.ts';

const ask = (name: string, target: Target) => survey([{ name, target }], { fetch });

describe('A survey of a database', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres?.[Symbol.asyncDispose]());

  test('says the same twice, and sees a session of a drill, its lock, and a setting that was changed.', async () => {
    const target = targetSchema.parse({ kind: 'postgres', url: postgres.url() });
    const before = await ask('mes-db', target);
    expect(newSince(before, await ask('mes-db', target))).toEqual([]);
    const left = await postgres.session('andon-drill-forgotten');
    await left.query('CREATE TABLE t (); BEGIN; LOCK TABLE t');
    const admin = await postgres.session('admin');
    await admin.query('ALTER SYSTEM SET default_transaction_read_only = on');
    await admin.query('SELECT pg_reload_conf()');
    const expected = [
      'mes-db: session of andon-drill-forgotten',
      'mes-db: lock of andon-drill-forgotten',
      'mes-db: setting default_transaction_read_only = on',
    ];
    const seen = await waitFor(
      async () => {
        const now = newSince(before, await ask('mes-db', target));
        return now.length === 3 && now;
      },
      { what: 'the reload', timeoutMs: 20_000 },
    );
    expect(seen).toEqual(expected);
    await Promise.all([left.end(), admin.end()]);
  });
});

test('A survey of a link names who disturbs it.', async () => {
  await using peer = await startPeerServer();
  const at = (port: number) => ({ host: '127.0.0.1', port });
  await using proxy = await startLinks(
    { listen: at(0), links: [{ name: 'db', protocol: 'tcp', listen: at(0), upstream: at(peer.port) }] },
    { log: silentLog, clock: systemClock },
  );
  const target = targetSchema.parse({ kind: 'link', control: proxy.url, link: 'db' });
  expect(await ask('mes-db-link', target)).toEqual([]);
  if (target.kind !== 'link') throw new Error('a link');
  const disturbance = { kind: 'cut', mode: 'drop', direction: 'both' } as const;
  await new LinkClient(target, fetch).hold({ holder: 'andon-drill-x~cut', leaseMs: 60_000, disturbance });
  expect(await ask('mes-db-link', target)).toEqual(['mes-db-link: cut of the link by andon-drill-x~cut']);
});

test('A survey of an HTTP link names who fails its requests.', async () => {
  await using peer = await startPeerServer();
  const at = (port: number) => ({ host: '127.0.0.1', port });
  await using proxy = await startLinks(
    { listen: at(0), links: [{ name: 'esign', protocol: 'http', listen: at(0), upstream: at(peer.port) }] },
    { log: silentLog, clock: systemClock },
  );
  const target = targetSchema.parse({ kind: 'link', control: proxy.url, link: 'esign', protocol: 'http' });
  expect(await ask('mes-esign-link', target)).toEqual([]);
  if (target.kind !== 'link') throw new Error('a link');
  const wish = { holder: 'andon-drill-x', leaseMs: 60_000, fault: { kind: 'hang' } } as const;
  await new HttpFaultClient(target, fetch).fail(wish);
  expect(await ask('mes-esign-link', target)).toEqual([
    'mes-esign-link: hang of its requests by andon-drill-x',
  ]);
});

describe('A survey of a MariaDB', () => {
  let server: TestMariadb;
  beforeAll(async () => {
    server = await startTestMariadb({ settings: { 'performance-schema': 'ON' } });
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  test('says the same twice, and sees a session of a drill and a setting that was changed.', async () => {
    const target = targetSchema.parse({ kind: 'mysql', url: server.url('mysql') });
    const before = await ask('mes-db', target);
    expect(newSince(before, await ask('mes-db', target))).toEqual([]);
    const left = await server.session('andon-drill-forgotten');
    await left.query('SET GLOBAL read_only = ON');
    expect(newSince(before, await ask('mes-db', target))).toEqual([
      'mes-db: setting read_only = ON',
      'mes-db: session of andon-drill-forgotten',
    ]);
    await left.query('SET GLOBAL read_only = OFF');
    await left.end();
    const isGone = async () => newSince(before, await ask('mes-db', target)).length === 0;
    await waitFor(isGone, { what: 'the goodbye', timeoutMs: 20_000 });
  });

  test('asks for no more than a user may read.', async () => {
    const admin = await server.session('admin');
    await admin.query("CREATE USER clerk@'127.0.0.1' IDENTIFIED BY 'c'");
    await admin.end();
    const url = server.url('').replace('root:test', 'clerk:c');
    expect(await ask('mes-db', targetSchema.parse({ kind: 'mysql', url }))).toEqual([
      'mes-db: setting read_only = OFF',
    ]);
  });
});

test('A survey of a process says that it is paused, or that it does not live.', async () => {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(child, 'spawn');
  onTestFinished(() => void child.kill('SIGKILL'));
  const pid_file = path.join(tempFolder(), 'pid');
  writeFileSync(pid_file, `${child.pid}\n`);
  const target = targetSchema.parse({ kind: 'process', pid_file, start: ['true'] });
  expect(await ask('mes-process', target)).toEqual([]);
  child.kill('SIGSTOP');
  await waitFor(async () => (await ask('mes-process', target)).length === 1, {
    what: 'the pause',
    timeoutMs: 10_000,
  });
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await ask('mes-process', target)).toEqual(['mes-process: it does not live']);
});

test('A survey of this computer names the processes of a drill, and of one run those alone.', async () => {
  // Of this test alone: another checkout may run it on this computer at the same time.
  const run = `survey-test-${process.pid}`;
  const env = { ...process.env, ANDON_MARK: runName(run) };
  const child = spawn('sleep', ['600'], { stdio: 'ignore', env });
  await once(child, 'spawn');
  onTestFinished(() => void child.kill('SIGKILL'));
  const targets = [{ name: 'plant-server', target: targetSchema.parse({ kind: 'host' }) }];
  const seen = `plant-server: process ${child.pid} (sleep) of ${runName(run)}`;
  expect(await survey(targets, { fetch })).toContain(seen);
  expect(await survey(targets, { fetch, run })).toEqual([seen]);
  expect(await survey(targets, { fetch, run: 'another' })).toEqual([]);
});

test('A survey of this computer names the files of a drill among its logs, and says where they cannot be looked at.', async () => {
  const folder = tempFolder();
  const host = (logs: string) => [
    { name: 'server', target: targetSchema.parse({ kind: 'host', logs: { folder: logs, pattern: '*' } }) },
  ];
  for (const name of ['mes.log', 'andon-drill-one~1.log', 'andon-drill-two~1.log.gz'])
    writeFileSync(path.join(folder, name), '');
  const seen = (name: string) => `server: file ${path.join(folder, name)}`;
  expect(await survey(host(folder), { fetch, run: 'one' })).toEqual([seen('andon-drill-one~1.log')]);
  expect(await survey(host(folder), { fetch, run: 'on' })).toEqual([]);
  const all = await survey(host(folder), { fetch });
  expect(all.filter((text) => text.includes(folder))).toEqual([
    seen('andon-drill-one~1.log'),
    seen('andon-drill-two~1.log.gz'),
  ]);
  expect(await survey(host('/no/such'), { fetch, run: 'one' })).toEqual([
    expect.stringContaining('server: what is left among its logs cannot be told: /no/such cannot be opened'),
  ]);
});

test('What cannot be asked is left until the contrary is proven.', async () => {
  const target = targetSchema.parse({ kind: 'link', control: 'http://127.0.0.1:9', link: 'db' });
  expect(await ask('mes-db-link', target)).toEqual([
    expect.stringContaining('mes-db-link: what is left there cannot be told'),
  ]);
});

test('What was there before is nobody’s residue, and twice the same counts twice.', () => {
  expect(newSince(['a', 'b'], ['b', 'a', 'a', 'c'])).toEqual(['a', 'c']);
});
