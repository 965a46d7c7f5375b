import pg from 'pg';
import type { Lab } from '../lab/lab.ts';
import { percentile } from '../loadtests/summary.ts';
import type { Measurement } from './table.ts';

const rounds = 10;
const scrapesPerRound = 8;

/**
 * Scrapes of the lock collector with and without an ACCESS EXCLUSIVE lock on the work-order table, in turn (A B A B …), so that a
 * drifting machine touches both sides alike. The figure is the collector's own duration metric.
 */
export async function measureLockCollector(lab: Lab): Promise<Measurement[]> {
  const url = lab.addresses['mes-db'] ?? '';
  const metrics = lab.addresses.exporter ?? '';
  const free: number[] = [];
  const locked: number[] = [];
  for (let round = 0; round < rounds; round++) {
    free.push(...(await scrapes(metrics)));
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('BEGIN; LOCK TABLE work_orders IN ACCESS EXCLUSIVE MODE');
    locked.push(...(await scrapes(metrics)));
    await client.query('ROLLBACK');
    await client.end();
  }
  const median = (values: number[]) =>
    percentile(
      values.toSorted((a, b) => a - b),
      50,
    ) ?? 0;
  return [
    { what: 'lock collector, median without a lock', value: median(free) * 1000, unit: 'ms' },
    { what: 'lock collector, median with ACCESS EXCLUSIVE held', value: median(locked) * 1000, unit: 'ms' },
    {
      what: 'lock collector, with a lock : without',
      value: median(locked) / median(free),
      unit: 'ratio',
      target: 1.2,
    },
  ];
}

async function scrapes(url: string): Promise<number[]> {
  const durations: number[] = [];
  for (let count = 0; count < scrapesPerRound; count++) {
    const text = await (await fetch(url)).text();
    const line = /^mes_exporter_collector_duration_seconds\{[^}]*collector="locks"[^}]*\} (\S+)$/m.exec(text);
    if (!line) throw new Error('the exporter shows no duration of its lock collector');
    durations.push(Number(line[1]));
  }
  return durations;
}
