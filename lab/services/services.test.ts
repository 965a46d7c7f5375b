import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ChildOwner } from '../../kit/children.ts';
import { listen } from '../../kit/http-server.ts';
import { type Keeper, startKeeper } from '../../kit/keeper.ts';
import { silentLog } from '../../kit/log.ts';
import { freePorts } from '../../kit/ports.ts';
import { connectPostgres } from '../../kit/postgres.ts';
import { type GroupLeader, isGroupAlive } from '../../kit/process-group.ts';
import { processesMarked, testMark } from '../../kit/testing/marked.ts';
import { demandPrograms } from '../programs.ts';
import { startAlertmanager } from './alertmanager.ts';
import { startPostgres } from './postgres.ts';
import { startPrometheus } from './prometheus.ts';
import { startRabbitmq } from './rabbitmq.ts';

/** Has mode 700, as /root has: what PostgreSQL's own user may not enter without help. */
let folder: string;
let keeper: Keeper;
let owner: ChildOwner;
const pathList = process.env.PATH ?? '';
const programs = demandPrograms(pathList);

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'andon-services-'));
  keeper = await startKeeper();
  owner = { keeper, log: silentLog };
});
afterAll(async () => {
  await keeper[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** A folder, a log and an environment by which every process of the service is found again. */
function place(name: string) {
  const mark = randomUUID();
  const own = path.join(folder, name);
  mkdirSync(own);
  const env = { PATH: pathList, LC_ALL: 'C.UTF-8', [testMark]: mark };
  return { mark, common: { folder: own, logFile: path.join(own, 'log'), env, owner } };
}

/** 127.0.0.1 and ::1, as the kernel writes them. */
const loopback = ['0100007F', '00000000000000000000000001000000'];

/** Whether somebody listens at this port, and only on the loopback. */
function isPrivate(port: number): boolean {
  const addresses = listeningOn(port);
  return addresses.length > 0 && addresses.every((address) => loopback.includes(address));
}

/** The addresses on which anybody listens at this port (proc(5), /proc/net/tcp). */
function listeningOn(port: number): string[] {
  const listening = '0A';
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => readFileSync(file, 'utf8').split('\n'));
  return rows.flatMap((row) => {
    const [, local = '', , state] = row.trim().split(/\s+/);
    const [address = '', hexPort = ''] = local.split(':');
    return state === listening && Number.parseInt(hexPort, 16) === port ? [address] : [];
  });
}

test('PostgreSQL has the databases and the password it was started with, and leaves no process behind.', async () => {
  const { mark, common } = place('postgres');
  const [port = 0] = await freePorts(1);
  const url = (password: string) => `postgres://postgres:${password}@127.0.0.1:${port}/mes`;
  const limits = {
    applicationName: 'test',
    statementTimeoutMs: 5000,
    lockTimeoutMs: 5000,
    connectTimeoutMs: 10_000,
  };
  let leader: GroupLeader = { pid: 0, startTime: '' };
  {
    await using server = await startPostgres({
      ...common,
      port,
      password: 'right',
      databases: ['mes', 'erp'],
    });
    const client = await connectPostgres({ url: url('right'), ...limits });
    const { rows } = await client.query(
      "SELECT current_setting('fsync') AS fsync, current_setting('listen_addresses') AS listens",
    );
    expect(rows).toEqual([{ fsync: 'on', listens: '127.0.0.1' }]);
    await expect(connectPostgres({ url: url('wrong'), ...limits })).rejects.toThrow(
      /password authentication failed/,
    );
    expect(isPrivate(port)).toBe(true);
    leader = server;
    expect(isGroupAlive(leader)).toBe(true);
  }
  expect(processesMarked(mark)).toEqual([]);
  // Its sessions' processes write over their environment, so they are looked for by their group.
  expect(isGroupAlive(leader)).toBe(false);
});

test('RabbitMQ answers on the loopback, and leaves neither Erlang nor its port mapper behind.', async () => {
  const { mark, common } = place('rabbitmq');
  const [amqp = 0, management = 0, distribution = 0, epmd = 0] = await freePorts(4);
  const ports = { amqp, management, distribution, epmd };
  {
    await using _server = await startRabbitmq({ ...common, logFolder: common.folder, ports, programs });
    const authorization = `Basic ${Buffer.from('guest:guest').toString('base64')}`;
    const overview = await fetch(`http://127.0.0.1:${management}/api/overview`, {
      headers: { authorization },
    });
    expect(overview.status).toBe(200);
    expect(Object.values(ports).filter((port) => !isPrivate(port))).toEqual([]);
    expect(processesMarked(mark).length).toBeGreaterThan(1);
  }
  expect(processesMarked(mark)).toEqual([]);
});

test('Prometheus and Alertmanager are ready with the files they are given, and are gone afterwards.', async () => {
  const [one = 0, two = 0] = await freePorts(2);
  const prometheus = place('prometheus');
  const alertmanager = place('alertmanager');
  const file = (name: string, text: string) => {
    writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  {
    const program = programs.prometheus;
    const configFile = file('prometheus.yml', 'scrape_configs: []\n');
    await using _prometheus = await startPrometheus({ ...prometheus.common, port: one, program, configFile });
    await using _alertmanager = await startAlertmanager({
      ...alertmanager.common,
      port: two,
      program: programs['prometheus-alertmanager'],
      configFile: file('alertmanager.yml', 'route: {receiver: nobody}\nreceivers: [{name: nobody}]\n'),
    });
    const build = (await (await fetch(`http://127.0.0.1:${one}/api/v1/status/buildinfo`)).json()) as {
      status: string;
    };
    expect(build.status).toBe('success');
    expect((await fetch(`http://127.0.0.1:${two}/api/v2/status`)).ok).toBe(true);
    expect([one, two].filter((port) => !isPrivate(port))).toEqual([]);
  }
  expect([...processesMarked(prometheus.mark), ...processesMarked(alertmanager.mark)]).toEqual([]);
});

test('A server that listens for everybody would be noticed.', async () => {
  await using server = await listen((_, response) => response.end(), { host: '0.0.0.0', port: 0 });
  expect(isPrivate(server.port)).toBe(false);
});

test('A server that cannot start says why, and leaves nothing.', async () => {
  const { mark, common } = place('hopeless');
  const [port = 0] = await freePorts(1);
  const configFile = path.join(folder, 'hopeless.yml');
  writeFileSync(configFile, 'no_such_key: true\n');
  const starting = startPrometheus({ ...common, port, program: programs.prometheus, configFile });
  await expect(starting).rejects.toThrow(/prometheus ended with exit code \d .*no_such_key/s);
  expect(processesMarked(mark)).toEqual([]);
});
