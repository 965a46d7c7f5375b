import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestRecord } from './request-record.ts';
import { loadSeries, percentile, summarizeLoad } from './summary.ts';

const start = Date.parse('2026-11-22T10:00:00.000Z');
const at = (seconds: number) => new Date(start + seconds * 1000).toISOString();
const request = (seconds: number, ms: number, status = 200, users = 10): RequestRecord => ({
  at: at(seconds),
  name: 'report',
  ms,
  status,
  users,
});
const stages = [
  { name: 'baseline', startedAt: at(0), finishedAt: at(10) },
  { name: 'fault', startedAt: at(10), finishedAt: at(20) },
  { name: 'verdict', startedAt: at(30), finishedAt: at(40) },
];
const calm = Array.from({ length: 100 }, (_, index) => request(index / 10, index + 1));
const hurt = [request(11, 5000, 0, 20), request(12, 30, 503), request(13, 30, 409), request(14, 40)];

describe('the summary of a load', () => {
  it('counts each request in the stage in which it was sent', () => {
    const summary = summarizeLoad([...hurt, ...calm], stages);
    expect(summary).toMatchObject({ users: 20, requests: 104 });
    expect(summary?.byStage[0]).toMatchObject({
      stage: 'baseline',
      requests: 100,
      ratePerSecond: 10,
      errorRate: 0,
      p50Ms: 50,
      p95Ms: 95,
      p99Ms: 99,
    });
    expect(summary?.byStage[1]).toMatchObject({ requests: 4, errorRate: 0.5, p50Ms: 30, p95Ms: 5000 });
    expect(summary?.byStage[2]).toMatchObject({ requests: 0, ratePerSecond: 0, errorRate: 0, p95Ms: null });
  });

  it('takes a refused token for an error, so that a load that did nothing cannot look healthy', () => {
    expect(summarizeLoad([request(1, 5, 403), request(2, 5, 401)], stages)?.errorRate).toBe(1);
    expect(summarizeLoad([request(1, 5, 409)], stages)?.errorRate).toBe(0);
  });

  it('is nothing when nothing was asked', () => {
    expect(summarizeLoad([], stages)).toBeNull();
    expect(loadSeries([]).every(({ points }) => points.length === 0)).toBe(true);
  });

  it('plots response time, rate, failures and users in time order', () => {
    const [p95, rate, failed, users] = loadSeries([...hurt, ...calm], 2000);
    expect(p95?.points[0]).toEqual([start / 1000, 19]);
    expect(rate?.points[0]).toEqual([start / 1000, 10]);
    expect(failed?.points.at(-2)).toEqual([start / 1000 + 12, 0.5]);
    expect(users?.points.find(([time]) => time === start / 1000 + 10)?.[1]).toBe(20);
  });

  it('gives percentiles that are values of the list, and rise with their rank', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        const sorted = values.toSorted((a, b) => a - b);
        const [p50, p95, p99] = [50, 95, 99].map((rank) => percentile(sorted, rank));
        expect(sorted).toContain(p95);
        expect(p50).toBeLessThanOrEqual(p95 ?? -1);
        expect(p95).toBeLessThanOrEqual(p99 ?? -1);
      }),
    );
  });
});
