import { readFile } from 'node:fs/promises';
import pg from 'pg';
import type { ListeningServer } from '../../kit/http-server.ts';
import { silentLog } from '../../kit/log.ts';
import { type Targets, targetsSchema } from '../../kit/targets.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import { exporterSection } from '../config.ts';
import { startExporter } from '../server.ts';
import { type FakeMes, startFakeMes } from './fake-mes.ts';
import { fakeManagementUrl, startFakeRabbitmq } from './fake-rabbitmq.ts';
import { type HalfOpenLink, startHalfOpenLink } from './half-open-link.ts';

/** An exporter before a real PostgreSQL (behind a link that can be cut), a fake MES and a fake broker. */
export interface ExporterLab extends AsyncDisposable {
  readonly exporter: ListeningServer;
  readonly postgres: TestPostgres;
  readonly link: HalfOpenLink;
  readonly mes: FakeMes;
  readonly targets: Targets;
  /** Another exporter before other targets; on disposal of the lab it is closed too. */
  startExporter(databases: Record<string, string>): Promise<ListeningServer>;
}

/** `grown` adds operations to what the MES reports, so that rates have something to measure. */
export async function startExporterLab(grown?: () => number): Promise<ExporterLab> {
  await using opened = new AsyncDisposableStack();
  const postgres = opened.use(await startTestPostgres());
  await fillDatabases(postgres);
  const link = opened.use(await startHalfOpenLink(postgres.port));
  const mes = opened.use(await startFakeMes(grown));
  const broker = opened.use(await startFakeRabbitmq());
  const targets = targetsSchema.parse({
    mes: { kind: 'mes', url: mes.url, database: 'mes-db' },
    'mes-db': { kind: 'postgres', url: postgres.url('mes').replace(`:${postgres.port}/`, `:${link.port}/`) },
    'erp-db': { kind: 'postgres', url: postgres.url('erp') },
    'mes-queue': { kind: 'rabbitmq', url: 'amqp://127.0.0.1', management: fakeManagementUrl(broker) },
  });
  const config = exporterSection.parse({
    listen: '127.0.0.1:0',
    mes: ['mes'],
    databases: ['mes-db', 'erp-db'],
    queues: ['mes-queue'],
  });
  const options = { version: '0.0.0', log: silentLog };
  const exporter = opened.use(await startExporter({ config, targets, ...options }));
  const started = opened.move();
  return {
    exporter,
    postgres,
    link,
    mes,
    targets,
    async startExporter(databases) {
      const other = Object.fromEntries(
        Object.entries(databases).map(([name, url]) => [name, { kind: 'postgres', url }]),
      );
      const section = exporterSection.parse({ listen: '127.0.0.1:0', databases: Object.keys(databases) });
      return started.use(
        await startExporter({ config: section, targets: targetsSchema.parse(other), ...options }),
      );
    },
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

async function fillDatabases(postgres: TestPostgres): Promise<void> {
  await run(postgres.url('postgres'), 'CREATE DATABASE mes', 'CREATE DATABASE erp');
  await run(postgres.url('mes'), await readFile(new URL('mes-database.sql', import.meta.url), 'utf8'));
}

async function run(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}
