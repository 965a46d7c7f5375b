import pg from 'pg';
import { connectMysql } from '../kit/mysql.ts';
import { startTestMariadb } from '../lab/testing/mariadb.ts';
import { startTestPostgres } from '../lab/testing/postgres.ts';

/** The addresses of an ERP, an MES and a WMS; leaving the scope ends their servers. */
export interface StockDatabases extends AsyncDisposable {
  readonly erp: string;
  readonly mes: string;
  readonly wms: string;
}

export interface StockSizes {
  readonly sizes: readonly number[];
  /** So many records differ in each of MES and WMS. */
  readonly differing: number;
}

const batchesPerMaterial = 20;

/** A record that was changed or left out in one of the systems. */
export interface SeededDifference {
  readonly dimension: string;
  readonly material: string;
  readonly batch: string;
}

/**
 * Real databases with the same stock, of each size in a table of its own, and seeded differences: a material that is missing
 * with all its batches, batches that are missing, and quantities that are a thousandth off. The WMS is a MariaDB where there is one.
 */
export async function startStockDatabases({ sizes, differing }: StockSizes): Promise<StockDatabases> {
  await using stack = new AsyncDisposableStack();
  const postgres = stack.use(await startTestPostgres());
  const mariadb = await startTestMariadb().catch(() => undefined);
  if (mariadb) stack.use(mariadb);
  const erp = await postgres.database('erp');
  const mes = await postgres.database('mes');
  const wms = await (mariadb ?? postgres).database('wms');
  for (const size of sizes) {
    await runPostgres(erp, postgresStock(size));
    await runPostgres(mes, [...postgresStock(size), ...changes(seeded(size, differing, 'mes'), size)]);
    const changed = changes(seeded(size, differing, 'wms'), size);
    if (mariadb) await runMysql(wms, [...mysqlStock(size), ...changed]);
    else await runPostgres(wms, [...postgresStock(size), ...changed]);
  }
  const owned = stack.move();
  return { erp, mes, wms, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Which records differ in a system: the first fifth is one whole material, then missing batches and wrong quantities in turn. */
export function seeded(size: number, differing: number, system: 'mes' | 'wms'): SeededDifference[] {
  const materials = size / batchesPerMaterial;
  const offset = system === 'mes' ? 1 : 2;
  const wholeMaterial = Array.from({ length: batchesPerMaterial }, (_, batch) => ({
    dimension: 'material',
    ...keyOf(offset, batch),
  }));
  const step = Math.floor((materials - 10) / differing);
  const others = Array.from({ length: differing - batchesPerMaterial }, (_, index) => ({
    dimension: index % 2 === 0 ? 'batch' : 'quantity',
    ...keyOf(10 + index * step, (index * 7 + offset) % batchesPerMaterial),
  }));
  return [...wholeMaterial, ...others];
}

const keyOf = (material: number, batch: number) => ({
  material: `M-${String(material).padStart(7, '0')}`,
  batch: `B-${String(batch).padStart(3, '0')}`,
});

const changes = (differences: readonly SeededDifference[], size: number): string[] =>
  differences.map(({ dimension, material, batch }) => {
    const where = `WHERE material = '${material}' AND batch = '${batch}'`;
    return dimension === 'quantity'
      ? `UPDATE stock_${size} SET quantity = quantity + 0.001 ${where}`
      : `DELETE FROM stock_${size} ${where}`;
  });

const postgresStock = (size: number): string[] => [
  `CREATE TABLE stock_${size} (material text, batch text, quantity numeric(14,3) NOT NULL, PRIMARY KEY (material, batch))`,
  `INSERT INTO stock_${size} SELECT 'M-' || lpad((i / ${batchesPerMaterial})::text, 7, '0'),
     'B-' || lpad((i % ${batchesPerMaterial})::text, 3, '0'), i % 997 + 0.25 FROM generate_series(0, ${size - 1}) AS i`,
  `ANALYZE stock_${size}`,
];

/** With one digit more behind the point, as another system would keep it. */
const mysqlStock = (size: number): string[] => [
  `CREATE TABLE stock_${size} (material varchar(40), batch varchar(40), quantity decimal(14,4) NOT NULL,
     PRIMARY KEY (material, batch)) CHARACTER SET utf8mb4`,
  `INSERT INTO stock_${size} SELECT CONCAT('M-', LPAD(seq DIV ${batchesPerMaterial}, 7, '0')),
     CONCAT('B-', LPAD(seq % ${batchesPerMaterial}, 3, '0')), seq % 997 + 0.25 FROM seq_0_to_${size - 1}`,
];

async function runPostgres(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

async function runMysql(url: string, statements: readonly string[]): Promise<void> {
  const connection = await connectMysql({ url, applicationName: 'bench', connectTimeoutMs: 10_000 });
  for (const statement of statements) await connection.query(statement);
  await connection.end();
}
