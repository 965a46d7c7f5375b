import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, statSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listen } from '../../kit/http-server.ts';
import { freePorts } from '../../kit/ports.ts';
import { waitFor } from '../../kit/wait.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import { postgresLocks } from '../collectors/postgres-locks.ts';
import { collectOnce, TestCollectors } from '../testing/collect.ts';

/** For the role `slow`, whose lock query takes a minute: it finds this function first. */
const slowness = [
  'CREATE SCHEMA slow',
  `CREATE FUNCTION slow.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT now() FROM pg_sleep(60)'`,
  "CREATE ROLE slow LOGIN PASSWORD 'test'",
  'GRANT USAGE ON SCHEMA slow TO slow',
  'ALTER ROLE slow SET search_path = slow, pg_catalog',
];

let server: TestPostgres;
let admin: pg.Client;
let url: string;
let slowUrl: string;
beforeAll(async () => {
  server = await startTestPostgres();
  url = server.url();
  slowUrl = url.replace('postgres:test@', 'slow:test@');
  admin = await server.session('admin');
  for (const statement of slowness) await admin.query(statement);
}, 120_000);
afterAll(() => server?.[Symbol.asyncDispose](), 60_000);

const up = 'mes_db_up{target="db"}';
const collectorsOf = (target: string) =>
  new TestCollectors(postgresLocks, { targets: { db: { kind: 'postgres', url: target } } });
async function outcome(
  target: string,
  limitMs?: number,
): Promise<{ up: number | undefined; failure: string | undefined }> {
  using collectors = collectorsOf(target);
  const { found, failure } = await collectOnce(collectors.get(), limitMs);
  if (failure !== undefined) expect([...found.keys()]).toEqual([up]);
  expect(failure ?? '').not.toContain('test@');
  return { up: found.get(up), failure };
}

/** A server on a free port that does this with each connection; `at` is its address as the exporter names it. */
async function startStranger(
  greet: (socket: Socket) => void,
): Promise<AsyncDisposable & { at: string; url: string }> {
  const sockets = new Set<Socket>();
  const stranger = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    greet(socket);
  }).listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  const at = `127.0.0.1:${(stranger.address() as AddressInfo).port}/db`;
  return {
    at,
    url: `postgres://me:secret@${at}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => stranger.close(resolve));
    },
  };
}

describe('the lock collector, before a PostgreSQL that', { timeout: 60_000 }, () => {
  const at = () => `PostgreSQL at 127.0.0.1:${server.port}/postgres:`;

  it('works, says that it is up.', async () => {
    expect(await outcome(url)).toEqual({ up: 1, failure: undefined });
  });

  it('refuses the password or knows no such database, says why it is not up, and no secret.', async () => {
    expect(await outcome(url.replace(':test@', ':wrong@'))).toEqual({
      up: 0,
      failure: `${at()} password authentication failed for user "postgres"`,
    });
    expect(await outcome(server.url('absent'))).toEqual({
      up: 0,
      failure: `PostgreSQL at 127.0.0.1:${server.port}/absent: database "absent" does not exist`,
    });
  });

  it('is slow, says that it is up and that the server ended the query.', async () => {
    const failure = 'canceling statement due to statement timeout';
    expect(await outcome(slowUrl)).toEqual({ up: 1, failure });
    const left = `SELECT 1 FROM pg_stat_activity WHERE application_name = 'andon exporter'`;
    await waitFor(async () => (await admin.query(left)).rowCount === 0, {
      what: 'no session',
      timeoutMs: 10_000,
    });
  });

  it('has a certificate for another name, or none at all, says so.', async () => {
    expect(await outcome(`${url}?sslmode=verify-full`)).toEqual({
      up: 0,
      failure: `${at()} The server does not support SSL connections`,
    });
    await using folder = new AsyncDisposableStack();
    const certificate = await turnTlsOn(folder);
    const secure = `${url}?sslmode=verify-full&sslrootcert=${certificate}`;
    expect(await outcome(secure)).toEqual({
      up: 0,
      failure: `${at()} Hostname/IP does not match certificate's altnames: IP: 127.0.0.1 is not in the cert's list: `,
    });
    expect(await outcome(secure.replace('127.0.0.1', 'localhost'))).toEqual({ up: 1, failure: undefined });
    expect((await outcome(`${url}?sslmode=verify-full`)).failure).toContain('self-signed certificate');
  });

  it('crashes in the middle of the query, says so, and finds it again in the next scrape.', async () => {
    using collectors = collectorsOf(slowUrl);
    const asleep = collectOnce(collectors.get());
    const active = `SELECT 1 FROM pg_stat_activity WHERE usename = 'slow' AND state = 'active'`;
    await waitFor(async () => (await admin.query(active)).rowCount === 1, {
      what: 'the query',
      timeoutMs: 10_000,
    });
    await server.crash();
    const { found, failure } = await asleep;
    expect(found.get(up)).toBe(0);
    expect(failure).toBe(`${at()} Connection terminated unexpectedly`);
    await server.start();
    expect((await collectOnce(collectors.get())).found.get(up)).toBe(1);
  });
});

describe('the lock collector, before what is not PostgreSQL', { timeout: 60_000 }, () => {
  it('says that nobody is there.', async () => {
    const [port = 0] = await freePorts(1);
    expect(await outcome(`postgres://me:secret@127.0.0.1:${port}/db`)).toEqual({
      up: 0,
      failure: `PostgreSQL at 127.0.0.1:${port}/db: connect ECONNREFUSED 127.0.0.1:${port}`,
    });
  });

  it('says that what accepts gives no answer.', async () => {
    await using stranger = await startStranger(() => {});
    expect(await outcome(stranger.url, 300)).toEqual({ up: 0, failure: 'no answer within 300 ms' });
  });

  it('says that it was turned away without a word.', async () => {
    await using stranger = await startStranger((socket) => socket.end());
    const failure = `PostgreSQL at ${stranger.at}: Connection terminated unexpectedly`;
    expect(await outcome(stranger.url)).toEqual({ up: 0, failure });
  });

  it('knows a web server, and whatever else talks, by its first words.', async () => {
    await using web = await listen((_request, response) => response.end('hello'), {
      host: '127.0.0.1',
      port: 0,
    });
    const nonsense = 'what answers there is not PostgreSQL';
    expect(await outcome(`postgres://me:secret@127.0.0.1:${web.port}/db`)).toEqual({
      up: 0,
      failure: `PostgreSQL at 127.0.0.1:${web.port}/db: ${nonsense}`,
    });
    for (const words of ['SSH-2.0-OpenSSH_9.2\r\n', 'J\0\0\0\x0a11.4.2-MariaDB\0', 'R\x7f\xff\xff\xff']) {
      await using stranger = await startStranger((socket) => socket.write(Buffer.from(words, 'latin1')));
      expect(await outcome(stranger.url)).toEqual({
        up: 0,
        failure: `PostgreSQL at ${stranger.at}: ${nonsense}`,
      });
    }
  });

  it('bears nonsense that begins like PostgreSQL.', async () => {
    const welcome = Buffer.from('R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I', 'latin1');
    await using stranger = await startStranger((socket) => {
      socket.write(welcome);
      socket.once('data', () => socket.once('data', () => socket.write('!!!!!!!!')));
    });
    expect((await outcome(stranger.url, 500)).up).toBe(0);
  });
});

/** Gives the server a certificate for `localhost` and returns its file; the server reads it again without a restart. */
async function turnTlsOn(stack: AsyncDisposableStack): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'andon-certificate-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const [certificate, key] = ['server.crt', 'server.key'].map((name) => path.join(folder, name)) as [
    string,
    string,
  ];
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const request = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  await promisify(execFile)('openssl', [...request, ...name, '-keyout', key, '-out', certificate]);
  const [{ data } = { data: '' }] = (
    await admin.query<{ data: string }>("SELECT current_setting('data_directory') AS data")
  ).rows;
  const { uid, gid } = statSync(data);
  for (const file of [certificate, key]) {
    const copy = path.join(data, path.basename(file));
    await copyFile(file, copy);
    chownSync(copy, uid, gid);
  }
  await admin.query('ALTER SYSTEM SET ssl = on');
  await admin.query('SELECT pg_reload_conf()');
  const isOn = async () => (await admin.query("SELECT 1 WHERE current_setting('ssl') = 'on'")).rowCount === 1;
  await waitFor(isOn, { what: 'TLS', timeoutMs: 10_000 });
  return certificate;
}
