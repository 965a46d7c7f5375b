import { exporterSessions } from '../exporters/testing/exporter-sessions.ts';
import type { HalfOpenLink } from '../exporters/testing/half-open-link.ts';
import type { TestPostgres } from '../lab/testing/postgres.ts';
import type { ScrapedProgram } from './scraped-program.ts';
import type { Measurement } from './table.ts';

const scrapes = 10_000;
const terminate = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'andon exporter'`;

/** Every tenth scrape meets connections that were reset or terminated, every thousandth a cut cable. The link must lead to the server. */
export async function measureScrapesWithFaults(
  server: TestPostgres,
  link: HalfOpenLink,
  exporter: ScrapedProgram,
  path: string,
): Promise<Measurement[]> {
  const admin = await server.session('bench');
  let [held, onServer, failed] = [0, 0, 0];
  const memory: number[] = [];
  for (let scrape = 1; scrape <= scrapes; scrape += 1) {
    const isCut = scrape % 1000 === 0;
    if (isCut) link.cut();
    if (scrape % 20 === 5) link.forget();
    if (scrape % 20 === 15) await admin.query(terminate);
    const { text } = await exporter.scrape(path);
    if (/^mes_exporter_collector_success\S* 0$/m.test(text) !== isCut) failed += 1;
    held = Math.max(held, link.connections());
    if (isCut) link.heal();
    else if (scrape % 20 === 0) onServer = Math.max(onServer, (await exporterSessions(admin)).length);
    if (scrape % (scrapes / 10) === 0) memory.push(exporter.residentMiB());
  }
  const [afterFirst = Number.NaN] = memory;
  const what = (text: string) => `${scrapes} scrapes with faults: ${text}`;
  return [
    { what: what('most connections held'), value: held, unit: '', target: 2 },
    { what: what('most sessions on the server'), value: onServer, unit: '', target: 2 },
    { what: what('wrong answers'), value: failed, unit: '', target: 0 },
    { what: what('memory after a tenth'), value: afterFirst, unit: 'MiB' },
    {
      what: what('memory grown since'),
      value: (memory.at(-1) ?? Number.NaN) - afterFirst,
      unit: 'MiB',
      target: 20,
    },
  ];
}
