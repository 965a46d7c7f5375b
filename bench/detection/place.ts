import { readFileSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import { Connection } from 'rabbitmq-client';
import { parse } from 'yaml';
import type { CutMode } from '../../drills/network/driver.ts';
import { LinkClient } from '../../drills/proxy/link-client.ts';
import { kafkaPrograms } from '../../exporters/testing/kafka/kafka-programs.ts';
import { startTestKafka, type TestKafka } from '../../exporters/testing/kafka/test-kafka.ts';
import { type StandbyPostgres, startStandby } from '../../exporters/testing/postgres-standby.ts';
import { type Clock, systemClock } from '../../kit/clock.ts';
import { connectPostgres } from '../../kit/postgres.ts';
import { waitFor } from '../../kit/wait.ts';
import { httpUrl, type LinkName, loopback } from '../../lab/addresses.ts';
import type { Lab } from '../../lab/lab.ts';
import type { ServiceContext } from '../../lab/services/service.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import { writeAndonYaml, writeSecondAndonYaml } from './andon-config.ts';
import { CachingDoor } from './caching-door.ts';
import { startMonitoring } from './monitoring.ts';
import { startExporter, startNightMes } from './own-processes.ts';
import { mountDisk, prepareDatabases, watcher } from './prepare.ts';
import { ask } from './prometheus.ts';
import { Receiver } from './receiver.ts';
import { SyncJob } from './sync-job.ts';
import { NightTerminal, steadyTerminals } from './terminals.ts';

/** Everything that scenarios break and that watches them meanwhile. */
export interface Place extends AsyncDisposable {
  readonly clock: Clock;
  readonly lab: Lab;
  /** The Prometheus of this run; its rules and its timing are the default. */
  readonly prometheus: string;
  readonly receiver: Receiver;
  readonly broker: Connection;
  readonly amqpPort: string;
  readonly spare: TestPostgres;
  readonly standby: StandbyPostgres;
  readonly kafka: TestKafka | string;
  readonly night: NightTerminal;
  readonly syncJob: SyncJob;
  readonly door: CachingDoor;
  readonly secondExporter: { readonly pid: number; readonly instance: string };
  readonly disk: string | undefined;
  /** A session as an administrator, on the server itself and not through its link. */
  session(url: string): Promise<pg.Client>;
  databaseUrl(name: 'mes' | 'erp' | 'wms'): string;
  cut(link: LinkName, mode: CutMode): Promise<() => Promise<void>>;
}

/** Longer than any scenario takes. */
const longestMs = 1_800_000;
const operationsPerSecond = 4;

const session = (url: string): Promise<pg.Client> =>
  connectPostgres({
    url,
    applicationName: 'andon detection',
    statementTimeoutMs: longestMs,
    lockTimeoutMs: longestMs,
    connectTimeoutMs: 10_000,
  });

/** Brings up, beside a running lab, what it lacks, and a monitoring of its own with the default rules. */
export async function startPlace(
  lab: Lab,
  context: ServiceContext,
  wants: { kafka: boolean },
): Promise<Place> {
  await using stack = new AsyncDisposableStack();
  const { server } = context.ports;
  const databaseUrl = (name: string) => (lab.addresses['mes-db'] ?? '').replace(/\/mes$/, `/${name}`);
  await prepareDatabases(async (name) =>
    stack.adopt(await session(databaseUrl(name)), (client) => client.end()),
  );
  const spare = stack.use(await startTestPostgres());
  for (const name of ['night', 'page']) await spare.database(name);
  const standby = stack.use(await startStandby(spare));
  const programs = wants.kafka ? await kafkaPrograms() : { missing: 'not asked for' };
  const kafka =
    'missing' in programs ? programs.missing : stack.use(await startTestKafka(programs.classPath));
  const disk = mountDisk(path.join(context.dir, 'disk'));
  if (disk) stack.use(disk);
  const amqpPort = amqpPortOf(lab);
  const amqp = `amqp://guest:guest@${loopback(Number(amqpPort))}`;
  const broker = stack.adopt(new Connection(amqp), (it) => it.unsafeDestroy());
  broker.on('error', () => {});
  const nightMes = stack.use(await startNightMes(context, spare.url('night'), amqp));
  const files = ['andon.yaml', 'second.yaml'].map((name) => path.join(context.dir, name));
  const [file = '', secondFile = ''] = files;
  writeAndonYaml(file, lab.configFile, {
    listen: server.exporter,
    nightMes: nightMes.url,
    databases: {
      'wms-db': databaseUrl('wms').replace(/\/\/[^@]+@/, `//${watcher.name}:${watcher.password}@`),
      'spare-db': spare.url(),
      'replica-db': standby.url('postgres'),
    },
    kafka: typeof kafka === 'string' ? undefined : kafka.plain,
    disk: disk?.path,
  });
  writeSecondAndonYaml(secondFile, server.runbooks, spare.url('page'));
  stack.use(await startExporter(context, 'exporter', file));
  const second = stack.use(await startExporter(context, 'second-exporter', secondFile));
  const door = stack.use(new CachingDoor());
  await door.open(server.links, httpUrl(server.runbooks));
  const receiver = stack.use(new Receiver());
  await receiver.open(server.drill);
  const instance = loopback(server.links);
  stack.use(await startMonitoring(context, [loopback(server.exporter), instance]));
  stack.use(
    steadyTerminals({ url: lab.addresses.mes ?? '', token: labSecret(lab, 'leader') }, operationsPerSecond),
  );
  const job = stack.adopt(await session(spare.url('night')), (client) => client.end());
  const night = stack.use(new NightTerminal(nightMes, job));
  const syncJob = stack.use(new SyncJob(await session(databaseUrl('erp'))));
  await untilWatched(httpUrl(server.prometheus));
  const owned = stack.move();
  return {
    clock: systemClock,
    lab,
    prometheus: httpUrl(server.prometheus),
    receiver,
    broker,
    amqpPort,
    spare,
    standby,
    kafka,
    night,
    syncJob,
    door,
    secondExporter: { pid: second.pid, instance },
    disk: disk?.path,
    session,
    databaseUrl,
    cut: (link, mode) => cut(lab, link, mode),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Both exporters must have been scraped a few times: a fault that is older than its first scrape is no fault of a running plant. */
async function untilWatched(prometheus: string): Promise<void> {
  const query =
    'min(count_over_time(up[1m])) >= 4 and on () sum(up) == 2 and on () ALERTS{alertname="Watchdog"}';
  const options = { what: 'a plant that is watched', timeoutMs: 120_000, everyMs: 1000 };
  await waitFor(async () => (await ask(prometheus, query)).length > 0, options);
}

const labSecret = (lab: Lab, name: string): string =>
  readFileSync(path.join(lab.dir, 'secrets', name), 'utf8');

function amqpPortOf(lab: Lab): string {
  const { targets } = parse(readFileSync(lab.configFile, 'utf8')) as {
    targets: { 'mes-queue': { url: string } };
  };
  return new URL(targets['mes-queue'].url).port;
}

/** Cuts a link of the lab through its proxy; what it returns heals it. */
async function cut(lab: Lab, link: LinkName, mode: CutMode): Promise<() => Promise<void>> {
  const control = lab.addresses.links ?? '';
  const client = new LinkClient({ control, link }, fetch);
  const disturbance = { kind: 'cut', mode, direction: 'both' } as const;
  const result = await client.hold({ holder: 'detection', disturbance, leaseMs: longestMs });
  if (!result.ok) throw new Error(result.message);
  return () => client.release('detection', 'detection');
}
