import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import type { ComparisonJson } from '../exporters/consistency/comparison-json.ts';
import { buildCli } from './built-cli.ts';
import { type StockDatabases, seeded, startStockDatabases } from './consistency-stock.ts';
import { type Measurement, printTable } from './table.ts';

/** How often each size is compared; the median counts. */
const rounds = { 10000: 5, 100000: 3, 1000000: 3 } as const;
type Size = keyof typeof rounds;
const sizes = Object.keys(rounds).map(Number) as Size[];
const differingPerSystem = 100;

interface Comparison {
  ms: number;
  peakMib: number;
  found: ComparisonJson;
}

/**
 * ERP, MES and WMS of ten thousand, a hundred thousand and a million records each, compared by `andon consistency` in a process of
 * its own. Differences are looked at once, so that the time is that of one pass.
 */
export async function measureConsistency(): Promise<Measurement[]> {
  using cli = buildCli();
  await using databases = await startStockDatabases({ sizes, differing: differingPerSystem });
  const folder = mkdtempSync(path.join(tmpdir(), 'andon-bench-'));
  try {
    const config = path.join(folder, 'andon.yaml');
    writeFileSync(config, andonYaml(databases));
    const bySize: [Size, Comparison[]][] = [];
    for (const size of sizes) bySize.push([size, await compareRepeatedly(cli.bin, config, size)]);
    return measurements(bySize, databases.wms.startsWith('mysql'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compareRepeatedly(bin: string, config: string, size: Size): Promise<Comparison[]> {
  const runs: Comparison[] = [];
  for (let round = 0; round < rounds[size]; round += 1) runs.push(await compare(bin, config, size));
  return runs;
}

function measurements(bySize: readonly [Size, Comparison[]][], hasMariadb: boolean): Measurement[] {
  const perRecord = bySize.map(([size, runs]) => (median(runs.map(({ ms }) => ms)) * 1000) / (3 * size));
  const [small = Number.NaN, middle = Number.NaN, large = Number.NaN] = perRecord;
  const wrong = bySize.flatMap(([size, runs]) => runs.map(({ found }) => wronglyFound(size, found)));
  const peak = Math.max(...bySize.flatMap(([, runs]) => runs.map(({ peakMib }) => peakMib)));
  return [
    { what: 'consistency: databases that are MariaDB', value: hasMariadb ? 1 : 0, unit: 'of 3' },
    {
      what: 'consistency: of 200 differences missed or invented',
      value: Math.max(...wrong),
      unit: '',
      target: 0,
    },
    { what: 'consistency: highest memory, 1,000,000 × 3 records', value: peak, unit: 'MiB', target: 150 },
    ...bySize.map(([size, runs]) => ({
      what: `consistency: ${size.toLocaleString('en')} × 3 records`,
      value: median(runs.map(({ ms }) => ms)) / 1000,
      unit: 's',
    })),
    ...bySize.map(([size], index) => ({
      what: `consistency: a record of ${size.toLocaleString('en')} × 3`,
      value: perRecord[index] ?? Number.NaN,
      unit: 'µs',
    })),
    { what: 'consistency: a record, 1,000,000 : 10,000', value: large / small, unit: 'ratio', target: 1.5 },
    { what: 'consistency: a record, 1,000,000 : 100,000', value: large / middle, unit: 'ratio', target: 1.5 },
  ];
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

function andonYaml({ erp, mes, wms }: StockDatabases): string {
  const postgres = (size: Size) =>
    `SELECT material, batch, quantity FROM stock_${size} ORDER BY material COLLATE "C", batch COLLATE "C"`;
  const mysql = (size: Size) =>
    `SELECT material, batch, quantity FROM stock_${size} ORDER BY CAST(material AS BINARY), CAST(batch AS BINARY)`;
  const target = (url: string) => ({ kind: url.startsWith('mysql') ? 'mysql' : 'postgres', url });
  const ask = (url: string, size: Size) => (url.startsWith('mysql') ? mysql(size) : postgres(size));
  return stringify({
    targets: { 'erp-db': target(erp), 'mes-db': target(mes), 'wms-db': target(wms) },
    exporter: {
      consistency: sizes.map((size) => ({
        name: `stock-${size}`,
        recheck_after: '0s',
        source: { system: 'erp', target: 'erp-db', sql: ask(erp, size) },
        destinations: [
          { system: 'mes', target: 'mes-db', sql: ask(mes, size) },
          { system: 'wms', target: 'wms-db', sql: ask(wms, size) },
        ],
      })),
    },
  });
}

/** One comparison in a process of its own, with the highest memory that the kernel saw of it. */
async function compare(bin: string, config: string, size: Size): Promise<Comparison> {
  const args = [bin, '--config', config, '--json', 'consistency', `stock-${size}`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let [text, peakMib] = ['', 0];
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  const watch = setInterval(() => {
    peakMib = Math.max(peakMib, highWaterMib(child.pid));
  }, 20);
  await once(child, 'close');
  clearInterval(watch);
  const found = JSON.parse(text) as ComparisonJson;
  const { startedAt, finishedAt } = found.destinations[0] ?? {};
  return { ms: Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? ''), peakMib, found };
}

function highWaterMib(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0; // It has ended meanwhile.
  }
}

/** How many of the seeded differences are missing in what was found, and how many more were found. */
function wronglyFound(size: Size, { records }: ComparisonJson): number {
  const expected = new Set(
    (['mes', 'wms'] as const).flatMap((system) =>
      seeded(size, differingPerSystem, system).map(({ dimension, material, batch }) =>
        [system, dimension, material, batch].join(),
      ),
    ),
  );
  const found = new Set(
    records.map(({ destination, dimension, keys }) =>
      [destination, dimension, keys.material, keys.batch].join(),
    ),
  );
  const missed = [...expected].filter((record) => !found.has(record)).length;
  return missed + records.length - (expected.size - missed);
}

if (import.meta.main) printTable(await measureConsistency(), process.stdout);
