import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { holdStill } from '../processes.ts';
import { CannotBeMade, faultOf, type Scenario } from '../scenario.ts';
import { syncIntervalMs } from '../sync-job.ts';

const syncLate: Scenario = {
  name: 'sync-late',
  cause:
    'a synchronisation that should run every 3 s stops; the bound counts from the end of its tenth interval',
  expects: [{ alert: 'MesSyncLate', labels: { target: 'mes', entity: 'bookings' } }],
  uses: [],
  breaks: [],
  async make({ syncJob }) {
    return faultOf((await syncJob.stop()) + 10 * syncIntervalMs, () => syncJob.start());
  },
};

const recordsDiffer: Scenario = {
  name: 'records-differ',
  cause: '20 of 200 stock records are changed in the database of the WMS behind everybody’s back',
  expects: [
    {
      alert: 'MesRecordsDiffer',
      labels: { target: 'stock', dimension: 'quantity' },
      before: {
        ms: 5000,
        reason: 'the comparison that finds it begins with one scrape here and is told by the next',
      },
    },
  ],
  uses: [],
  breaks: [],
  async make(place) {
    const session = await place.session(place.databaseUrl('wms'));
    await session.query(
      "UPDATE detection_stock SET quantity = 9 WHERE material LIKE 'M-1_' OR material LIKE 'M-2_'",
    );
    return faultOf(Date.now(), async () => {
      await session.query('UPDATE detection_stock SET quantity = 10');
      await session.end();
    });
  },
};

const exporterDown: Scenario = {
  name: 'exporter-down',
  cause: 'the process of an exporter hangs (SIGSTOP)',
  expects: [{ alert: 'MesExporterDown', labels: { job: 'andon-exporter' } }],
  uses: [],
  breaks: ['second-exporter'],
  make: async ({ secondExporter }) => holdStill(secondExporter.pid),
};

const collectorFailed: Scenario = {
  name: 'locks-unseen',
  cause: 'the right to ask who blocks whom is taken from the role of the exporter in one database',
  expects: [{ alert: 'MesExporterCollectorFailed', labels: { target: 'wms-db', collector: 'locks' } }],
  uses: [],
  breaks: [],
  async make(place) {
    const session = await place.session(place.databaseUrl('wms'));
    await session.query('REVOKE EXECUTE ON FUNCTION pg_blocking_pids(int) FROM PUBLIC');
    return faultOf(Date.now(), async () => {
      await session.query('GRANT EXECUTE ON FUNCTION pg_blocking_pids(int) TO PUBLIC');
      await session.end();
    });
  },
};

const collectorStale: Scenario = {
  name: 'locks-stale',
  cause: 'a caching proxy before an exporter gets stuck and serves its old page again and again',
  expects: [{ alert: 'MesExporterCollectorStale', labels: { target: 'page-db', collector: 'locks' } }],
  uses: [],
  breaks: ['second-exporter'],
  async make({ door }) {
    door.isStuck = true;
    return faultOf(Date.now(), () => {
      door.isStuck = false;
    });
  },
};

const diskFull: Scenario = {
  name: 'disk-full',
  cause: 'a file system of this computer (4 MiB, mounted for it) is filled up',
  expects: [{ alert: 'MesHostResourceHigh', labels: { resource: 'disk' } }],
  uses: [],
  breaks: [],
  async make({ disk }) {
    if (disk === undefined) throw new CannotBeMade('a file system to fill can only be mounted by root');
    const file = path.join(disk, 'log');
    writeFileSync(file, Buffer.alloc(4 * 1024 * 1024 - 8192));
    return faultOf(Date.now(), () => rm(file));
  },
};

export const otherScenarios: readonly Scenario[] = [
  diskFull,
  syncLate,
  recordsDiffer,
  collectorFailed,
  collectorStale,
  exporterDown,
];
