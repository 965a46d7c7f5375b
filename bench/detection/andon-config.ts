import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { loopback } from '../../lab/addresses.ts';
import { syncIntervalMs } from './sync-job.ts';

/** What the exporter of this run watches besides the lab. */
export interface Additions {
  readonly listen: number;
  readonly nightMes: string;
  /** Name → address of a PostgreSQL. */
  readonly databases: Readonly<Record<string, string>>;
  /** `host:port` of Kafka, where there is one. */
  readonly kafka: string | undefined;
  readonly disk: string | undefined;
}

interface Mapping {
  endpoints: { name: string }[];
  queries: object[];
}

const referencePlant = new URL('../../exporters/mapping/reference-plant.yaml', import.meta.url);

/** What the reference plant does not have: a shift plan, and a synchronisation that says how often it runs. */
const moreQueries = [
  {
    name: 'shift_plan',
    sql: 'SELECT line, busy FROM detection_plan',
    metrics: [{ metric: 'mes_line_planned_busy', value: 'busy', labels: { line: 'line' } }],
  },
  {
    name: 'bookings',
    target: 'erp-db',
    sql: 'SELECT last_success FROM detection_sync',
    metrics: [
      {
        metric: 'mes_sync_last_success_timestamp_seconds',
        value: 'last_success',
        fixed: { source: 'mes', destination: 'erp', entity: 'bookings' },
      },
      {
        metric: 'mes_sync_interval_seconds',
        value: syncIntervalMs / 1000,
        fixed: { source: 'mes', destination: 'erp', entity: 'bookings' },
      },
    ],
  },
];

/** How often the two stocks are compared: less than the 5 s of a scrape, so that each scrape begins a comparison. */
const comparisonEveryMs = 4000;

const stock = (system: string) => ({
  system,
  target: `${system}-db`,
  sql: 'SELECT material, batch, quantity FROM detection_stock ORDER BY material COLLATE "C", batch COLLATE "C"',
});

/** The andon.yaml of this run: the targets of the lab under their own names, and what the lab lacks. */
export function writeAndonYaml(file: string, labConfigFile: string, more: Additions): void {
  const lab = parse(readFileSync(labConfigFile, 'utf8')) as { targets: Record<string, { kind: string }> };
  const plant = parse(readFileSync(referencePlant, 'utf8')) as Mapping;
  const targets = {
    ...Object.fromEntries(Object.entries(lab.targets).filter(([, { kind }]) => kind !== 'link')),
    ...Object.fromEntries(
      Object.entries(more.databases).map(([name, url]) => [name, { kind: 'postgres', url }]),
    ),
    night: { kind: 'mes', url: more.nightMes, database: 'spare-db' },
    ...(more.kafka === undefined ? {} : { bus: { kind: 'kafka', brokers: [more.kafka] } }),
  };
  const exporter = {
    listen: loopback(more.listen),
    mappings: {
      mes: { ...plant, queries: [...plant.queries, ...moreQueries] },
      night: { ...plant, queries: [] },
    },
    canary: { 'mes-queue': { interval: '1s', exchange: canaryExchange } },
    consistency: [
      {
        name: 'stock',
        interval: `${comparisonEveryMs / 1000}s`,
        settle: '0s',
        recheck_after: '0s',
        source: stock('erp'),
        destinations: [stock('wms')],
      },
    ],
    ...(more.disk === undefined ? {} : { host: { name: 'this-computer', mountpoints: [more.disk] } }),
  };
  writeFileSync(file, stringify({ targets, exporter }), { mode: 0o600 });
}

/** Probes take this exchange, as production's messages take theirs. */
export const canaryExchange = 'detection.canary';

/** The andon.yaml of the second exporter: one database, so that nothing else is blind when it is stopped. */
export function writeSecondAndonYaml(file: string, port: number, url: string): void {
  const targets = { 'page-db': { kind: 'postgres', url } };
  writeFileSync(file, stringify({ targets, exporter: { listen: loopback(port) } }), { mode: 0o600 });
}
