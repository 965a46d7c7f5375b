import type pg from 'pg';
import { waitFor } from '../../kit/wait.ts';

/** What the sessions of exporters do on a server now, as `pg_stat_activity` names it, by when they began. */
export async function exporterSessions(admin: pg.Client): Promise<string[]> {
  const text = `SELECT state FROM pg_stat_activity WHERE application_name = 'andon exporter' ORDER BY backend_start`;
  return (await admin.query<{ state: string | null }>(text)).rows.map(({ state }) => state ?? 'starting');
}

/** Waits until the sessions of exporters are in these states and no others. */
export async function exporterSessionsAre(admin: pg.Client, states: readonly string[]): Promise<void> {
  await waitFor(async () => String(await exporterSessions(admin)) === String(states), {
    what: `exporter sessions ${JSON.stringify(states)}`,
    timeoutMs: 30_000,
    everyMs: 10,
  });
}
