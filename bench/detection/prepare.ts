import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import type pg from 'pg';

/** So many records in the stock of both systems. */
export const stockSize = 200;

/** A role that watches and is no superuser, so that rights can be taken from it. */
export const watcher = { name: 'detection_watcher', password: 'detection' };

const stockTable = `CREATE TABLE detection_stock AS
  SELECT 'M-' || n AS material, 'B-1'::text AS batch, 10 AS quantity FROM generate_series(1, ${stockSize}) AS n`;

/** What scenarios need in the databases of the plant beside the plant's own tables. */
export async function prepareDatabases(
  admin: (database: 'mes' | 'erp' | 'wms') => Promise<pg.Client>,
): Promise<void> {
  const [mes, erp, wms] = [await admin('mes'), await admin('erp'), await admin('wms')];
  await mes.query("CREATE TABLE detection_plan AS SELECT 'L2'::text AS line, 1 AS busy");
  await erp.query(
    `${stockTable}; CREATE TABLE detection_sync AS SELECT now() AS last_success; CREATE TABLE detection_hot ()`,
  );
  await wms.query(`${stockTable}; CREATE ROLE ${watcher.name} LOGIN PASSWORD '${watcher.password}' IN ROLE pg_monitor;
    GRANT SELECT ON detection_stock TO ${watcher.name}`);
}

/** A small file system of our own, or undefined where only root may mount one and we are not. */
export function mountDisk(folder: string): ({ readonly path: string } & Disposable) | undefined {
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'andon-detection', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return { path: folder, [Symbol.dispose]: () => execFileSync('umount', [folder]) };
}
