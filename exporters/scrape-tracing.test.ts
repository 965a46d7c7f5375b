import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { systemClock } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';
import { spansOf } from '../kit/testing/otlp-receiver.ts';
import { metrics } from './catalogue.ts';
import type { Collected, Collector } from './collector.ts';
import { sample } from './sample.ts';
import { Scraper } from './scrape.ts';

const collector = (target: string, collect: Collector['collect'], timeoutMs = 60_000): Collector => ({
  name: 'locks',
  target,
  timeoutMs,
  whenSilent: [],
  collect,
  [Symbol.dispose]: () => {},
});
const scraperOf = (...collectors: Collector[]) =>
  new Scraper({ collectors, version: '1.2.3', seriesLimit: 1000, clock: systemClock, log: silentLog });

test('A scrape is a span, with a child for each collector that says how it went and what it did.', async () => {
  using scraper = scraperOf(
    collector('good', async ({ step }) => {
      await step('SELECT 1', () => setImmediate());
      return { samples: [sample(metrics.up, { target: 'good' }, 1)] };
    }),
    collector('bad', async ({ step }) => {
      await step('SELECT 2', () => Promise.reject(new Error('locked')));
      return { samples: [] };
    }),
    collector('hanging', () => new Promise<Collected>(() => {}), 100),
  );
  const spans = await spansOf(() => scraper.scrape(60_000));
  expect(spans).toHaveLength(4);
  const [scrape] = spans.filter(({ name }) => name === 'scrape');
  const of = (target: string) => spans.find(({ attributes }) => attributes['andon.target'] === target);
  expect(scrape).toMatchObject({ parentSpanId: '', attributes: { 'andon.collectors': 3 }, error: undefined });
  for (const target of ['good', 'bad', 'hanging'])
    expect(of(target)).toMatchObject({
      name: 'collect locks',
      traceId: scrape?.traceId,
      parentSpanId: scrape?.spanId,
      attributes: { 'andon.collector': 'locks', 'andon.joined': false },
    });
  expect(of('good')).toMatchObject({ attributes: { 'andon.outcome': 'succeeded' }, error: undefined });
  expect(of('good')?.events).toEqual([{ name: 'SELECT 1', attributes: { ms: expect.any(Number) } }]);
  expect(of('bad')).toMatchObject({ attributes: { 'andon.outcome': 'failed' }, error: 'locked' });
  expect(of('bad')?.events).toMatchObject([{ name: 'SELECT 2', attributes: { error: 'locked' } }]);
  expect(of('hanging')).toMatchObject({ error: 'no answer within 100 ms' });
});

test('A scrape that joins a run under way says so, and the steps stand with the run that takes them.', async () => {
  const gate = Promise.withResolvers<void>();
  using scraper = scraperOf(
    collector('one', async ({ step }) => {
      await step('ask', () => gate.promise);
      return { samples: [] };
    }),
  );
  const spans = await spansOf(async () => {
    const scrapes = [scraper.scrape(60_000), scraper.scrape(60_000)];
    gate.resolve();
    await Promise.all(scrapes);
  });
  const runs = spans.filter(({ name }) => name === 'collect locks');
  const about = runs.map(({ attributes, events }) => [attributes['andon.joined'], events.length]);
  expect(about.toSorted()).toEqual([
    [false, 1],
    [true, 0],
  ]);
  expect(new Set(runs.map(({ traceId }) => traceId)).size).toBe(2);
});
