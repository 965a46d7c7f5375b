import { blockSessions } from '../exporters/testing/blocked-sessions.ts';
import { startHalfOpenLink } from '../exporters/testing/half-open-link.ts';
import { parseMetrics } from '../exporters/testing/metrics-text.ts';
import { takeConnections } from '../exporters/testing/taken-connections.ts';
import { percentile } from '../loadtests/summary.ts';
import { holdTables, type PreparedServer, startPreparedServer } from './mes-database.ts';
import { type ScrapedProgram, startAndonExporter, startPostgresExporter } from './scraped-program.ts';
import { measureScrapesWithFaults } from './scrapes-with-faults.ts';
import { type Measurement, printTable } from './table.ts';

const probes = 600;
const theirScrapes = 30;
const blockedSessions = 200;

/**
 * How the exporter answers for a server on which every MES table is locked, 200 sessions wait and no connection is free, and in
 * turn for one with the same 200 sessions and no lock: a busy computer touches both alike. Debian's exporter beside it, then
 * 10,000 scrapes with faults.
 */
export async function measureBlindExporter(): Promise<Measurement[]> {
  await using stack = new AsyncDisposableStack();
  const quiet = stack.use(await startPreparedServer());
  const jammed = stack.use(await startPreparedServer());
  const link = stack.use(await startHalfOpenLink(jammed.postgres.port));
  const throughLink = jammed.exporterUrl.replace(`:${jammed.postgres.port}/`, `:${link.port}/`);
  const targets = { quiet: quiet.exporterUrl, jammed: jammed.exporterUrl };
  const ours = stack.use(await startAndonExporter({ ...targets, faulty: throughLink }));
  for (let warmUp = 0; warmUp < 50; warmUp += 1) await inTurn(ours, 0);
  const results = await measureLock(ours, quiet, jammed);
  return [
    ...results,
    ...(await measureScrapesWithFaults(jammed.postgres, link, ours, '/probe?target=faulty')),
  ];
}

async function measureLock(
  ours: ScrapedProgram,
  quiet: PreparedServer,
  jammed: PreparedServer,
): Promise<Measurement[]> {
  await using stack = new AsyncDisposableStack();
  stack.use(await holdTables(jammed.url));
  stack.use(await blockSessions(jammed.url, 'work_orders', blockedSessions));
  stack.use(await takeConnections(jammed.clerkUrl));
  const beside = await measureTheirs(quiet, jammed);
  const empty = await pairs(ours);
  stack.use(await takeConnections(quiet.url, blockedSessions));
  return [
    ...figures('idle, 200 connected', await pairs(ours)),
    ...figures('idle, empty server', empty),
    ...beside,
  ];
}

interface Probe {
  ms: number;
  isRight: boolean;
}
type Pair = Record<'quiet' | 'jammed', Probe>;

const pairs = async (ours: ScrapedProgram): Promise<Pair[]> => {
  const found: Pair[] = [];
  while (found.length < probes) found.push(await inTurn(ours, blockedSessions));
  return found;
};

const inTurn = async (ours: ScrapedProgram, blocked: number): Promise<Pair> => ({
  quiet: await probe(ours, 'quiet', 0),
  jammed: await probe(ours, 'jammed', blocked),
});

async function probe(ours: ScrapedProgram, target: string, blocked: number): Promise<Probe> {
  const { ms, text } = await ours.scrape(`/probe?target=${target}`);
  const found = parseMetrics(text);
  const isComplete = [...found].every(
    ([series, value]) => !series.startsWith('mes_exporter_collector_success') || value === 1,
  );
  const is = (name: string, value: number) => found.get(`${name}{target="${target}"}`) === value;
  return { ms, isRight: is('mes_db_up', 1) && is('mes_db_blocked_sessions', blocked) && isComplete };
}

function figures(name: string, found: readonly Pair[]): Measurement[] {
  const quiet = found.map((pair) => pair.quiet.ms);
  const jammed = found.map((pair) => pair.jammed.ms);
  const wrong = found.flatMap((pair) => [pair.quiet, pair.jammed]).filter(({ isRight }) => !isRight).length;
  const what = (text: string) => `probe, ${text}`;
  return [
    { what: what(`${name}: p50`), value: at(50, quiet), unit: 'ms' },
    { what: what(`${name}: p99 of ${quiet.length}`), value: at(99, quiet), unit: 'ms' },
    { what: what('locked, 200 blocked, exhausted: p50'), value: at(50, jammed), unit: 'ms' },
    { what: what('locked, 200 blocked, exhausted: p99'), value: at(99, jammed), unit: 'ms' },
    { what: what(`locked : ${name}, p50`), value: at(50, jammed) / at(50, quiet), unit: 'ratio' },
    {
      what: what(`locked : ${name}, p99`),
      value: at(99, jammed) / at(99, quiet),
      unit: 'ratio',
      target: 1.5,
    },
    { what: what('wrong answers'), value: wrong, unit: '', target: 0 },
  ];
}

/** With the same role, so that it gets one of the reserved connections too. */
async function measureTheirs(quiet: PreparedServer, jammed: PreparedServer): Promise<Measurement[]> {
  await using stack = new AsyncDisposableStack();
  const onQuiet = await startPostgresExporter(quiet.exporterUrl);
  const onJammed = await startPostgresExporter(jammed.exporterUrl);
  if (onQuiet === undefined || onJammed === undefined) {
    process.stderr.write('bench: prometheus-postgres-exporter is not on PATH, nothing stands beside ours\n');
    return [];
  }
  stack.use(onQuiet);
  stack.use(onJammed);
  const idle: number[] = [];
  const locked: { ms: number; text: string }[] = [];
  while (locked.length < theirScrapes) {
    idle.push((await onQuiet.scrape('/metrics')).ms);
    locked.push(await onJammed.scrape('/metrics'));
  }
  const share = (isSo: (text: string) => boolean) =>
    locked.filter(({ text }) => isSo(text)).length / locked.length;
  const times = locked.map(({ ms }) => ms);
  const what = (text: string) => `prometheus-postgres-exporter, ${text}`;
  return [
    { what: what('idle: p50'), value: at(50, idle), unit: 'ms' },
    { what: what('locked: p50'), value: at(50, times), unit: 'ms' },
    { what: what('locked: longest'), value: at(100, times), unit: 'ms' },
    {
      what: what('locked: share with pg_up 1'),
      value: share((text) => parseMetrics(text).get('pg_up') === 1),
      unit: '',
    },
    { what: what('locked: share that shows who waits'), value: share(showsWaiting), unit: '' },
  ];
}

/** Whether any series speaks of waiting, blocked or not granted, or counts exactly those who wait for the lock. */
const showsWaiting = (text: string): boolean =>
  text
    .split('\n')
    .filter((line) => /^pg_(locks|stat_activity)/.test(line))
    .some((line) => /wait|blocked|granted/.test(line) || line.endsWith(` ${blockedSessions}`));

const at = (share: number, times: readonly number[]): number =>
  percentile(
    times.toSorted((a, b) => a - b),
    share,
  ) ?? Number.NaN;

if (import.meta.main) printTable(await measureBlindExporter(), process.stdout);
