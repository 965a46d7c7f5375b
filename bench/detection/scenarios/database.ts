import { waitFor } from '../../../kit/wait.ts';
import type { Place } from '../place.ts';
import { faultOf, type Scenario } from '../scenario.ts';

const blocked: Scenario = {
  name: 'blocked',
  cause: 'a session locks the table of work orders of the MES and keeps it; the plant goes on',
  expects: [{ alert: 'MesDatabaseBlocked', labels: { target: 'mes-db' } }],
  uses: [],
  breaks: ['mes'],
  async make(place) {
    const session = await place.session(place.databaseUrl('mes'));
    await session.query('BEGIN; LOCK TABLE work_orders IN ACCESS EXCLUSIVE MODE');
    return faultOf(Date.now(), () => session.end());
  },
};

const unreachable: Scenario = {
  name: 'database-unreachable',
  cause: 'the link between MES and database is cut like a pulled cable: nobody is told',
  expects: [{ alert: 'MesDatabaseUnreachable', labels: { target: 'mes-db' } }],
  uses: [],
  breaks: ['mes'],
  async make(place) {
    const madeAt = Date.now();
    return faultOf(madeAt, await place.cut('mes-db', 'drop'));
  },
};

/** So many sessions want one table, and each holds it for so long. */
const crowd = { sessions: 14, heldSeconds: 0.02 };

const crowded: Scenario = {
  name: 'crowded',
  cause: `${crowd.sessions} sessions want one table of the ERP again and again, and each has it for ${crowd.heldSeconds * 1000} ms`,
  expects: [{ alert: 'MesDatabaseCrowded', labels: { target: 'erp-db' } }],
  uses: [],
  breaks: [],
  async make(place) {
    const url = place.databaseUrl('erp');
    const sessions = await Promise.all(Array.from({ length: crowd.sessions }, () => place.session(url)));
    let isOver = false;
    const turn = `BEGIN; LOCK TABLE detection_hot IN EXCLUSIVE MODE; SELECT pg_sleep(${crowd.heldSeconds}); COMMIT`;
    const work = sessions.map(async (session) => {
      while (!isOver) await session.query(turn);
    });
    return faultOf(Date.now(), async () => {
      isOver = true;
      await Promise.all(work);
      await Promise.all(sessions.map((session) => session.end()));
    });
  },
};

const lockWait: Scenario = {
  name: 'lock-wait',
  cause: 'a session keeps a table locked, and one other waits for it',
  expects: [{ alert: 'MesDatabaseLockWait', labels: { target: 'spare-db' } }],
  uses: [],
  breaks: [],
  async make({ spare, session }) {
    const [holder, waiter] = [await session(spare.url()), await session(spare.url())];
    await holder.query('CREATE TABLE detection_kept ()');
    await holder.query('BEGIN; LOCK TABLE detection_kept IN ACCESS EXCLUSIVE MODE');
    const madeAt = Date.now();
    const waits = waiter.query('SELECT FROM detection_kept').catch(() => {});
    return faultOf(madeAt, async () => {
      await holder.query('ROLLBACK');
      await waits;
      await holder.query('DROP TABLE detection_kept');
      await Promise.all([holder.end(), waiter.end()]);
    });
  },
};

const connections: Scenario = {
  name: 'connections',
  cause: 'clients open connections until over 96 % of those that the server allows are in use',
  expects: [{ alert: 'MesDatabaseConnectionsHigh', labels: { target: 'spare-db' } }],
  uses: [],
  breaks: [],
  async make({ spare, session }) {
    const open = [await session(spare.url())];
    const used = async (): Promise<number> => {
      const sql = `SELECT count(*) / current_setting('max_connections')::float8 AS used FROM pg_stat_activity
        WHERE backend_type = 'client backend'`;
      return ((await open[0]?.query<{ used: number }>(sql))?.rows[0]?.used ?? 0) * 100;
    };
    while ((await used()) <= 96) open.push(await session(spare.url()));
    return faultOf(Date.now(), () => Promise.all(open.map((one) => one.end())));
  },
};

const replica: Scenario = {
  name: 'replica-behind',
  cause: 'a streaming replica stops replaying, while its primary is written to every second',
  expects: [{ alert: 'MesDatabaseReplicaBehind', labels: { target: 'replica-db' } }],
  uses: [],
  breaks: [],
  async make(place) {
    const [primary, copy] = [
      await place.session(place.spare.url()),
      await place.session(place.standby.url('postgres')),
    ];
    await primary.query('CREATE TABLE detection_written (at timestamptz)');
    const write = () => void primary.query('INSERT INTO detection_written VALUES (now())').catch(() => {});
    const timer = setInterval(write, 1000);
    await waitFor(() => replaysNow(copy), { what: 'a replica that is up to date', timeoutMs: 30_000 });
    await copy.query('SELECT pg_wal_replay_pause()');
    return faultOf(Date.now(), async () => {
      clearInterval(timer);
      await copy.query('SELECT pg_wal_replay_resume()');
      await Promise.all([primary.end(), copy.end()]);
    });
  },
};

async function replaysNow(copy: Awaited<ReturnType<Place['session']>>): Promise<boolean> {
  const sql = "SELECT now() - pg_last_xact_replay_timestamp() < interval '2 s' AS fresh";
  return (await copy.query<{ fresh: boolean }>(sql)).rows[0]?.fresh === true;
}

export const databaseScenarios: readonly Scenario[] = [
  replica,
  crowded,
  lockWait,
  connections,
  blocked,
  unreachable,
];
