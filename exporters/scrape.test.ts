import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';
import { waitFor } from '../kit/wait.ts';
import { metrics } from './catalogue.ts';
import type { Collected, Collector } from './collector.ts';
import { expositionText } from './exposition.ts';
import { sample } from './sample.ts';
import { Scraper, scrapeLimitMs } from './scrape.ts';
import { parseMetrics } from './testing/metrics-text.ts';

const up = (target: string, value: number) => sample(metrics.up, { target }, value);

function collector(target: string, collect: Collector['collect'], timeoutMs = 60_000): Collector {
  return { name: 'mes', target, timeoutMs, whenSilent: [up(target, 0)], collect, [Symbol.dispose]: () => {} };
}
const works = (target: string) => collector(target, async () => ({ samples: [up(target, 1)] }));
const hangs = (target: string, timeoutMs?: number) =>
  collector(target, () => new Promise<Collected>(() => {}), timeoutMs);

const scraperOf = (...collectors: Collector[]) =>
  new Scraper({ collectors, version: '1.2.3', seriesLimit: 1000, clock: systemClock, log: silentLog });
const scrape = async (scraper: Scraper, limitMs: number) =>
  parseMetrics(await expositionText(...scraper.samplesOf(await scraper.scrape(limitMs))));
const success = (target: string) => `mes_exporter_collector_success{collector="mes",target="${target}"}`;

describe('a scrape', () => {
  it('keeps the metrics of the others when a collector fails or hangs, and says which one', async () => {
    const fails = collector('failing', async () => Promise.reject(new Error('no')));
    const throws = collector('throwing', () => {
      throw new Error('at once');
    });
    using scraper = scraperOf(works('good'), fails, throws, hangs('hanging'));
    const found = await scrape(scraper, 100);
    expect(found.get('mes_up{target="good"}')).toBe(1);
    expect(found.get(success('good'))).toBe(1);
    for (const target of ['failing', 'throwing', 'hanging']) {
      expect(found.get(`mes_up{target="${target}"}`)).toBe(0);
      expect(found.get(success(target))).toBe(0);
    }
    expect(
      [...found.keys()].filter((name) => name.startsWith('mes_exporter_collector_duration')),
    ).toHaveLength(4);
    expect(found.get(`mes_exporter_build_info{version="1.2.3",node_version="${process.version}"}`)).toBe(1);
  });

  it('keeps what a failing collector could still find out', async () => {
    const half = collector('half', async () => ({
      samples: [up('half', 1)],
      failure: new Error('the rest is missing'),
    }));
    using scraper = scraperOf(half);
    const found = await scrape(scraper, 1000);
    expect(found.get('mes_up{target="half"}')).toBe(1);
    expect(found.get(success('half'))).toBe(0);
  });

  it('ends a collector at its own limit although the scrape has time left', async () => {
    using scraper = scraperOf(hangs('slow', 50));
    expect((await scrape(scraper, 60_000)).get(success('slow'))).toBe(0);
  });

  it('joins the run under way instead of asking the target again', async () => {
    let asked = 0;
    const { promise, resolve } = Promise.withResolvers<Collected>();
    using scraper = scraperOf(
      collector('one', () => {
        asked++;
        return promise;
      }),
    );
    const scrapes = [scrape(scraper, 60_000), scrape(scraper, 60_000)];
    resolve({ samples: [up('one', 1)] });
    for (const found of await Promise.all(scrapes)) expect(found.get('mes_up{target="one"}')).toBe(1);
    expect(asked).toBe(1);
    await scraper.scrape(60_000);
    expect(asked).toBe(2);
  });

  it('does not ask a target again that still hangs in the scrape before', async () => {
    let asked = 0;
    using scraper = scraperOf(
      collector('stuck', () => {
        asked++;
        return new Promise<Collected>(() => {});
      }),
    );
    await scraper.scrape(20);
    await scraper.scrape(20);
    expect(asked).toBe(1);
  });

  it('tells a collector when its time is over', async () => {
    let aborted = false;
    const obeys = collector('x', ({ signal }) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise<Collected>(() => {});
    });
    using scraper = scraperOf(obeys);
    await scraper.scrape(20);
    expect(await waitFor(() => aborted, { what: 'the abort', timeoutMs: 5000 })).toBe(true);
  });
});

describe('a collector with too many series', () => {
  const many = (count: () => number) =>
    collector('many', async () => ({
      samples: Array.from({ length: count() }, (_, index) =>
        sample(metrics.workOrders, { target: 'many', state: `s${index}` }, 1),
      ),
    }));
  const dropped = 'mes_exporter_collector_series_dropped_total{collector="mes",target="many"}';
  const published = (found: Map<string, number>) =>
    [...found.keys()].filter((series) => series.startsWith('mes_work_orders{')).length;

  it('publishes as many as its limit, counts the rest and says so once', async () => {
    const warnings: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => warnings.push(line) });
    let count = 1000;
    const options = { version: '0', seriesLimit: 1000, clock: systemClock, log };
    using scraper = new Scraper({ ...options, collectors: [many(() => count), works('good')] });
    expect((await scrape(scraper, 5000)).get(dropped)).toBe(0);
    count = 1007;
    for (const total of [7, 14]) {
      const found = await scrape(scraper, 5000);
      expect(found.get(dropped)).toBe(total);
      expect(published(found)).toBe(1000);
      expect(found.get(success('many'))).toBe(1);
      expect(found.get('mes_up{target="good"}')).toBe(1);
    }
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('"dropped":7,"limit":1000');
  });
});

describe('the last success of a collector', () => {
  it('is unknown before the first one, and stays when the next scrapes fail', async () => {
    let isUp = false;
    const sometimes = collector('x', async () => {
      if (!isUp) throw new Error('down');
      return { samples: [] };
    });
    using scraper = scraperOf(sometimes);
    const last = 'mes_exporter_collector_last_success_timestamp_seconds{collector="mes",target="x"}';
    expect((await scrape(scraper, 5000)).has(last)).toBe(false);
    isUp = true;
    const at = (await scrape(scraper, 5000)).get(last);
    expect(at).toBeGreaterThan(1.7e9);
    isUp = false;
    expect((await scrape(scraper, 5000)).get(last)).toBe(at);
  });
});

describe('the limit of a scrape', () => {
  it('is half a second under what Prometheus allows, 3.5 s without its header, and never nothing', () => {
    expect(scrapeLimitMs('4')).toBe(3500);
    expect(scrapeLimitMs('10.5')).toBe(10_000);
    expect(scrapeLimitMs('0.3')).toBe(100);
    for (const missing of [undefined, '', 'soon', '-1']) expect(scrapeLimitMs(missing)).toBe(3500);
  });
});
