import { setImmediate } from 'node:timers/promises';
import { Gauge, Registry } from 'prom-client';
import { metrics } from '../exporters/catalogue.ts';
import type { Collector } from '../exporters/collector.ts';
import { renderExposition } from '../exporters/exposition.ts';
import type { Sample } from '../exporters/sample.ts';
import { Scraper } from '../exporters/scrape.ts';
import { SeriesCache } from '../exporters/series-cache.ts';
import { systemClock } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';

// A process of its own, so that nothing else allocates or blocks in it. Prints one JSON line.
const deviceCount = 100_000;
const rounds = 15;
const scrapesForMemory = Number(process.argv[2] ?? 1000);
const { name, help } = metrics.deviceLastHeartbeat;
const devices = Array.from({ length: deviceCount }, (_, index) => ({
  line: `L${index % 100}`,
  device: `L${index % 100}-U${Math.floor(index / 1000)}-PLC-${index}`,
  heartbeat: 1_790_000_000 + index / 7,
}));

const scraper = new Scraper({
  collectors: [deviceCollector()],
  version: '0',
  seriesLimit: 200_000,
  clock: systemClock,
  log: silentLog,
});

/** As the collectors of devices do it: series kept from scrape to scrape, values of now. */
function deviceCollector(): Collector {
  const cache = new SeriesCache(metrics.deviceLastHeartbeat);
  return {
    name: 'devices',
    target: 'mes',
    timeoutMs: 60_000,
    whenSilent: [],
    async collect() {
      const samples: Sample[] = [];
      for (const [index, { line, device, heartbeat }] of devices.entries()) {
        const series = cache.of(device, () => ({ target: 'mes', line, device }));
        samples.push({ series, value: heartbeat });
        if (index % 1000 === 999) await setImmediate();
      }
      cache.sweep();
      return { samples };
    },
    [Symbol.dispose]: () => {},
  };
}

/** One whole scrape, from the collector to the last piece of text. */
const andonScrape = async (): Promise<number> =>
  lengthOf(renderExposition(...scraper.samplesOf(await scraper.scrape(60_000))));

async function lengthOf(pieces: AsyncIterable<string>): Promise<number> {
  let length = 0;
  for await (const piece of pieces) length += piece.length;
  return length;
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const from = performance.now();
  await work();
  return performance.now() - from;
};

/** The longest time between two turns of the event loop while `work` runs. */
async function longestBlock(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let isRunning = true;
  const watching = (async () => {
    for (let last = performance.now(); isRunning; ) {
      await setImmediate();
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }
  })();
  await setImmediate();
  await work();
  isRunning = false;
  await watching;
  return longest;
}

const heapMiB = () => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

// Before prom-client has its 100,000 series in this process: its garbage is collected in whoever's turn it is.
const blocks: number[] = [];
for (let round = -3; round < rounds; round += 1) {
  const block = await longestBlock(andonScrape);
  if (round >= 0) blocks.push(block); // The first rounds only warm up.
}

const registry = new Registry();
const gauge = new Gauge({ name, help, labelNames: ['target', 'line', 'device'], registers: [registry] });
const setGauge = () => {
  for (const { line, device, heartbeat } of devices) gauge.set({ target: 'mes', line, device }, heartbeat);
};
setGauge();

const known = scraper.samplesOf(await scraper.scrape(60_000));
const work: Record<string, () => Promise<unknown>> = {
  text: () => lengthOf(renderExposition(...known)),
  promClientText: () => registry.metrics(),
  scrape: andonScrape,
  promClientScrape: async () => {
    registry.resetMetrics();
    setGauge();
    await registry.metrics();
  },
};
const times: Record<string, number[]> = {};
for (let round = -3; round < rounds; round += 1) {
  for (const [what, does] of Object.entries(work)) {
    const ms = await timed(does);
    if (round >= 0) times[what] = [...(times[what] ?? []), ms];
  }
}
const heapBefore = heapMiB();
for (let count = 0; count < scrapesForMemory; count += 1) await andonScrape();
process.stdout.write(`${JSON.stringify({ times, blocks, grownMiB: heapMiB() - heapBefore })}\n`);
