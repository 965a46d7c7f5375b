import type pg from 'pg';
import { consistencySection } from '../../../exporters/consistency/config.ts';
import { targetsSchema } from '../../../kit/targets.ts';
import { startTestPostgres, type TestPostgres } from '../../../lab/testing/postgres.ts';
import type { Step, StepResult, StepWorld } from '../../step.ts';
import { stepWorld } from '../../testing/step-world.ts';
import { repairsSection } from '../config.ts';
import { repairsOf } from '../repair.ts';

/** What a MES and a WMS hold of the same moves. */
const mesTable = `CREATE TABLE operations (
  op_id text PRIMARY KEY, material text NOT NULL, lot text NOT NULL, quantity numeric NOT NULL,
  big bigint NOT NULL DEFAULT 9007199254740993, server_ts timestamptz NOT NULL)`;
const wmsTables = `CREATE TABLE "stock moves" (
  id bigserial PRIMARY KEY, op_id text NOT NULL UNIQUE, material text NOT NULL, lot text NOT NULL,
  quantity numeric NOT NULL CHECK (quantity > 0), big bigint NOT NULL DEFAULT 9007199254740993,
  server_ts timestamptz NOT NULL, remark text,
  doubled numeric GENERATED ALWAYS AS (quantity * 2) STORED);
CREATE TABLE stock (material text NOT NULL, lot text NOT NULL, quantity numeric NOT NULL, PRIMARY KEY (material, lot))`;

const rows = 'jsonb_to_recordset($1) AS r(material text, lot text)';
const compared = (
  table: string,
) => `SELECT material, lot, op_id, quantity FROM ${table} WHERE server_ts < $watermark
  ORDER BY material COLLATE "C", lot COLLATE "C", op_id COLLATE "C"`;

const comparison = {
  name: 'moves',
  interval: '30s',
  settle: '0s',
  recheck_after: '50ms',
  keys: ['material', 'lot', 'op_id'],
  source: { system: 'mes', target: 'mes-db', sql: compared('operations') },
  destinations: [{ system: 'wms', target: 'wms-db', sql: compared('"stock moves"') }],
};

const repair = {
  comparison: 'moves',
  into: 'wms',
  record: `SELECT op_id, material, lot, quantity, big, server_ts FROM operations
    WHERE material = $1 AND lot = $2 AND op_id = $3`,
  table: 'stock moves',
  match: ['op_id'],
  mark: { column: 'remark' },
  recompute: [
    `INSERT INTO stock SELECT DISTINCT material, lot, 0 FROM ${rows} ORDER BY material, lot
     ON CONFLICT (material, lot) DO UPDATE SET quantity = stock.quantity`,
    `UPDATE stock s SET quantity = (SELECT coalesce(sum(m.quantity), 0) FROM "stock moves" m
       WHERE m.material = s.material AND m.lot = s.lot)
     WHERE (material, lot) IN (SELECT material, lot FROM ${rows})`,
  ],
};

/** A MES and a WMS that hold the same six moves, on one real server. */
export class TwoSystems implements AsyncDisposable {
  readonly server: TestPostgres;
  readonly mes: pg.Client;
  readonly wms: pg.Client;
  readonly #urls: { mes: string; wms: string };
  readonly #connect: (url: string) => Promise<pg.Client>;

  private constructor(
    server: TestPostgres,
    connect: (url: string) => Promise<pg.Client>,
    clients: [pg.Client, pg.Client],
    urls: [string, string],
  ) {
    this.server = server;
    this.#connect = connect;
    [this.mes, this.wms] = clients;
    this.#urls = { mes: urls[0], wms: urls[1] };
  }

  static async start(connect: (url: string) => Promise<pg.Client>): Promise<TwoSystems> {
    const server = await startTestPostgres();
    const urls: [string, string] = [await server.database('mes'), await server.database('wms')];
    const systems = new TwoSystems(server, connect, [await connect(urls[0]), await connect(urls[1])], urls);
    await systems.mes.query(mesTable);
    await systems.wms.query(wmsTables);
    return systems;
  }

  /** One more session of the WMS. */
  client(): Promise<pg.Client> {
    return this.#connect(this.#urls.wms);
  }

  /** Six moves everywhere, and nothing else: two lots of one material. */
  async reset(): Promise<void> {
    await this.mes.query('TRUNCATE operations');
    await this.wms.query('TRUNCATE "stock moves", stock; DROP TABLE IF EXISTS andon_repairs');
    const values = [1, 2, 3, 4, 5, 6].map(
      (n) => `('op-${n}', 'M-1', 'L-${n % 2}', ${n}, '2020-01-31T08:00:00.123456Z')`,
    );
    const columns = '(op_id, material, lot, quantity, server_ts)';
    await this.mes.query(`INSERT INTO operations ${columns} VALUES ${values.join(', ')}`);
    await this.wms.query(`INSERT INTO "stock moves" ${columns} VALUES ${values.join(', ')}`);
    await this.wms.query(
      'INSERT INTO stock SELECT material, lot, sum(quantity) FROM "stock moves" GROUP BY material, lot',
    );
  }

  /** What a step gets, with changes of the repair and of the comparison. */
  world(changes: Partial<StepWorld> = {}, more: { repair?: object; comparison?: object } = {}): StepWorld {
    const targets = {
      'mes-db': { kind: 'postgres', url: 'postgres://127.0.0.1:1/mes', admin_url: this.#urls.mes },
      'wms-db': { kind: 'postgres', url: this.#urls.wms },
    };
    const comparisons = consistencySection.parse([{ ...comparison, ...more.comparison }]);
    const repairs = repairsOf(
      repairsSection.parse({ 'stock-moves': { ...repair, ...more.repair } }),
      comparisons,
    );
    return stepWorld(targets, { targets: targetsSchema.parse(targets), repairs, ...changes });
  }

  run<P>(step: Step<P>, wish: object, world = this.world()): Promise<StepResult> {
    return step.run(step.params.parse(wish), world, AbortSignal.timeout(30_000));
  }

  /** What the WMS holds, without what only it knows. */
  async held(): Promise<unknown[]> {
    const { rows } = await this.wms.query(
      'SELECT op_id, lot, quantity::text, remark, big::text, server_ts FROM "stock moves" ORDER BY op_id',
    );
    return rows;
  }

  async stock(): Promise<Record<string, string>> {
    const { rows } = await this.wms.query('SELECT lot, quantity::text FROM stock ORDER BY lot');
    return Object.fromEntries(rows.map(({ lot, quantity }) => [lot, quantity]));
  }

  /** Two moves are missing in the WMS, and one has another quantity there. */
  async drift(): Promise<void> {
    await this.wms.query(`DELETE FROM "stock moves" WHERE op_id IN ('op-2', 'op-5')`);
    await this.wms.query(`UPDATE "stock moves" SET quantity = 70 WHERE op_id = 'op-3'`);
    await this.wms.query(`UPDATE stock SET quantity = 1`);
  }

  async changes(): Promise<Record<string, unknown>[]> {
    return (await this.wms.query('SELECT * FROM andon_repairs ORDER BY id')).rows;
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.server[Symbol.asyncDispose]();
  }
}
