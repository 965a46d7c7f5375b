import { startLinksProcess } from '../drills/testing/links-process.ts';
import { startToxiproxy, toxiproxyMissing } from '../drills/testing/toxiproxy-server.ts';
import { measureCuts } from './proxy/cuts.ts';
import { cpuSeconds, holdOpen, load, residentKib, startUpstream } from './proxy/processes.ts';
import type { Measurement } from './table.ts';

const sizes = [1, 50, 500] as const;
/** Each figure is taken so often, one place after the other; the median counts. */
const rounds = 3;
const streamBytes = 1024 ** 3;
const idleConnections = 1000;

/** A way to the server: directly, or through a proxy. */
interface Way {
  name: string;
  echo: number;
  count: number;
  /** The proxy's process. */
  pid?: number;
}

interface Figures {
  mibPerSecond: number;
  cpuPerGib: number;
  p99Ms: number;
}

/** Andon's TCP proxy beside a direct connection and Toxiproxy, all in processes of their own. */
export async function measureProxy(): Promise<Measurement[]> {
  await using stack = new AsyncDisposableStack();
  const upstream = stack.use(await startUpstream());
  const { echo, count } = upstream;
  const links = stack.use(await startLinksProcess({ echo, count }));
  const andon: Way = {
    name: 'Andon',
    pid: links.pid,
    echo: links.ports.echo ?? 0,
    count: links.ports.count ?? 0,
  };
  const ways: Way[] = [{ name: 'direct', echo, count }, andon];
  if (toxiproxyMissing)
    process.stderr.write(`bench: proxy: Toxiproxy could not be had: ${toxiproxyMissing}\n`);
  else {
    const toxiproxy = stack.use(await startToxiproxy());
    ways.push({
      name: 'Toxiproxy',
      pid: toxiproxy.pid,
      echo: await toxiproxy.proxyTo('echo', echo),
      count: await toxiproxy.proxyTo('count', count),
    });
  }
  // First of all, as later figures leave their garbage behind.
  const results = await idleMemory(ways);
  for (const size of sizes) results.push(...(await relaying(ways, size)));
  results.push(...(await measureCuts(links.control, andon.echo)));
  return results;
}

async function idleMemory(ways: readonly Way[]): Promise<Measurement[]> {
  const results: Measurement[] = [];
  for (const { name, pid, echo } of ways) {
    if (pid === undefined) continue;
    const before = residentKib(pid);
    await using _idle = await holdOpen(echo, idleConnections, null);
    const grown = residentKib(pid) - before;
    results.push({
      what: `proxy: memory of ${idleConnections} idle connections, ${name}`,
      value: grown / 1024,
      unit: 'MiB',
    });
  }
  return results;
}

async function relaying(ways: readonly Way[], connections: number): Promise<Measurement[]> {
  const taken = new Map<string, Figures[]>(ways.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const way of ways) taken.get(way.name)?.push(await figures(way, connections));
  const of = (name: string, pick: (one: Figures) => number) => median((taken.get(name) ?? []).map(pick));
  const what = (text: string) => `proxy: ${text}, ${connections} connection${connections > 1 ? 's' : ''}`;
  const direct = of('direct', ({ p99Ms }) => p99Ms);
  const results: Measurement[] = [];
  for (const { name, pid } of ways) {
    if (pid === undefined) continue;
    results.push(
      {
        what: what(`${name}: relayed per CPU second`),
        value: 1024 / of(name, (one) => one.cpuPerGib),
        unit: 'MiB',
      },
      {
        what: what(`speed, direct : ${name}`),
        value: of('direct', (one) => one.mibPerSecond) / of(name, (one) => one.mibPerSecond),
        unit: 'ratio',
      },
      { what: what(`${name}: p99 added`), value: of(name, ({ p99Ms }) => p99Ms) - direct, unit: 'ms' },
    );
  }
  if (!taken.has('Toxiproxy')) return results;
  const ratio = (pick: (one: Figures) => number, less = 0) =>
    (of('Andon', pick) - less) / (of('Toxiproxy', pick) - less);
  return [
    ...results,
    {
      what: what('CPU per byte, Andon : Toxiproxy'),
      value: ratio((one) => one.cpuPerGib),
      unit: 'ratio',
      target: 1,
    },
    { what: what('p99 added, Andon : Toxiproxy'), value: ratio(({ p99Ms }) => p99Ms, direct), unit: 'ratio' },
  ];
}

async function figures({ pid, echo, count }: Way, connections: number): Promise<Figures> {
  const before = pid === undefined ? 0 : cpuSeconds(pid);
  const { bytes, seconds } = await load<{ bytes: number; seconds: number }>({
    task: 'stream',
    port: count,
    connections,
    bytes: streamBytes,
  });
  const used = pid === undefined ? 0 : cpuSeconds(pid) - before;
  const ping = { task: 'ping', port: echo, connections, perSecond: 1000, seconds: 4 } as const;
  const { p99 } = await load<{ p99: number }>(ping);
  return { mibPerSecond: bytes / 1024 ** 2 / seconds, cpuPerGib: used / (bytes / 1024 ** 3), p99Ms: p99 };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
