import { afterAll, beforeAll, expect, it } from 'vitest';
import { blockSessions } from '../exporters/testing/blocked-sessions.ts';
import { startExporterLab } from '../exporters/testing/exporter-lab.ts';
import { waitFor } from '../kit/wait.ts';
import { dashboardQueries } from './queries.ts';
import { startTestPrometheus, type TestPrometheus } from './testing/prometheus.ts';

// Everything that a dashboard shows is there: a plant with a lock held, a dead letter, and operations under way.
const opened = new AsyncDisposableStack();
let prometheus: TestPrometheus;
beforeAll(async () => {
  const started = Date.now();
  const lab = opened.use(await startExporterLab(() => Math.floor((Date.now() - started) / 100)));
  opened.use(await blockSessions(lab.postgres.url('mes'), 'outbox', 3));
  prometheus = opened.use(await startTestPrometheus(`127.0.0.1:${lab.exporter.port}`));
}, 120_000);
afterAll(() => opened.disposeAsync(), 60_000);

it('every query of every dashboard is understood by a real Prometheus and finds data', {
  timeout: 120_000,
}, async () => {
  const queries = dashboardQueries();
  expect(queries.length).toBeGreaterThan(30);
  const empty = async () => {
    const results = await Promise.all(queries.map(({ expr }) => prometheus.query(expr)));
    return queries.filter((_, index) => results[index]?.length === 0);
  };
  // Rates need two scrapes, and an alert one evaluation.
  let missing = queries;
  await waitFor(
    async () => {
      missing = await empty();
      return missing.length === 0;
    },
    { what: 'data for every query', timeoutMs: 60_000 },
  ).catch(() => {});
  expect(missing).toEqual([]);
});

it('a query that Prometheus does not understand is told from one that finds nothing', async () => {
  await expect(prometheus.query('sum by (')).rejects.toThrow('parse error');
  expect(await prometheus.query('no_such_metric')).toEqual([]);
});

it('no template variable is left in a query', () => {
  for (const { expr } of dashboardQueries()) expect(expr).not.toContain('$');
});
