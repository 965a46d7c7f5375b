import { expect, it } from 'vitest';
import { gauge } from './metric.ts';
import { SeriesCache } from './series-cache.ts';

const metric = gauge('mes_device_x', ['device'], 'x');
const labels = (device: string) => () => ({ device });

it('A series is made once and kept as long as it occurs in every scrape.', () => {
  const cache = new SeriesCache(metric);
  const first = cache.of('a', labels('a'));
  cache.sweep();
  expect(cache.of('a', () => expect.fail('made again'))).toBe(first);
  expect(first.prefix).toBe('mes_device_x{device="a"} ');
});

it('Series that no longer occur are forgotten, also when they come and go without end.', () => {
  const cache = new SeriesCache(metric);
  for (let scrape = 0; scrape < 1000; scrape += 1) {
    cache.of('stays', labels('stays'));
    cache.of(`only in ${scrape}`, labels('x'));
    cache.sweep();
  }
  expect(cache.size).toBeLessThanOrEqual(3);
});
