import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { waitFor } from '../kit/wait.ts';
import { httpUrl } from './addresses.ts';
import type { ServiceContext } from './services/service.ts';

/** A cold start on a busy computer; a warm one takes a few seconds. */
const limitMs = 120_000;

/** Returns when the MES is ready, Prometheus has scraped the exporter, and both lines have had an operation acknowledged. */
export async function untilPlantWorks({ dir, ports, signal }: ServiceContext): Promise<void> {
  const wait = (what: string, check: () => Promise<boolean> | boolean) =>
    waitFor(check, { what, timeoutMs: limitMs, everyMs: 100, signal });
  const query = `${httpUrl(ports.server.prometheus)}/api/v1/query?query=${encodeURIComponent('mes_up == 1 and on() mes_db_up == 1')}`;
  const folder = path.join(dir, 'acknowledgements');
  await Promise.all([
    wait('the MES', async () => (await fetch(`${httpUrl(ports.server.mes)}/-/ready`)).ok),
    wait('the first scrape', async () => {
      const answer = (await (await fetch(query)).json()) as { data?: { result?: unknown[] } };
      return (answer.data?.result?.length ?? 0) > 0;
    }),
    wait('the first acknowledged operations', () => {
      const files = readdirSync(folder).filter((file) => file.endsWith('.ndjson'));
      return files.length === 2 && files.every((file) => statSync(path.join(folder, file)).size > 0);
    }),
  ]);
}
