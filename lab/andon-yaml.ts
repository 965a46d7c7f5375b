import path from 'node:path';
import { stringify } from 'yaml';
import type { SelfCommand } from '../kit/module-path.ts';
import { httpUrl, isHttpLink, type LabPorts, loopback } from './addresses.ts';
import { operationsComparison, operationsRepairs } from './operations-comparison.ts';
import { pidFile } from './pid-files.ts';
import type { LabSecrets } from './secrets.ts';
import { volumeLogs } from './volume.ts';

const operationsOf = (table: string, time: string): string =>
  `SELECT op_id AS op, source, seq, id AS position FROM ${table} WHERE ${time} >= $1`;

/** Who may approve runbooks in a lab: one person for each role. */
export const peopleRoles = ['director', 'leader', 'maintainer'] as const;

/** The computer that a lab runs on. */
export interface LabComputer {
  /** How `andon` is started there. */
  self: SelfCommand;
  /** The folder that drills may fill; undefined where the lab has none. */
  disk: string | undefined;
}

/**
 * The andon.yaml of a lab, for every other command. The exporter stands beside the MES, so it reaches the database through the
 * same link; drills and runbooks go straight to it, as an administrator would.
 */
export function andonYaml(
  dir: string,
  ports: LabPorts,
  { value, file }: LabSecrets,
  { self, disk }: LabComputer,
): string {
  const { server, link } = ports;
  const database = (port: number, name: string) =>
    `postgres://postgres:${value.postgres}@${loopback(port)}/${name}`;
  const postgres = (name: 'mes' | 'erp' | 'wms') => ({
    kind: 'postgres',
    url: database(link[`${name}-db`], name),
    admin_url: database(server.postgres, name),
    server: 'postgres-process',
    drillable: true,
  });
  const processTarget = (service: string) => ({
    kind: 'process',
    pid_file: pidFile(dir, service),
    start: [self.command, ...self.args, 'lab', 'start', service, '--lab', dir],
    drillable: true,
  });
  const linkTarget = (name: string) => ({
    kind: 'link',
    control: httpUrl(server.links),
    link: name,
    ...(isHttpLink(name) ? { protocol: 'http' } : {}),
    drillable: true,
  });
  const devices = (line: 'L1' | 'L2', device: string) => ({
    kind: 'device',
    control: httpUrl(server[line]),
    device,
    token: `\${file:${file.maintainer}}`,
    drillable: true,
  });
  const links = Object.fromEntries(Object.keys(link).map((name) => [`${name}-link`, linkTarget(name)]));
  return stringify({
    targets: {
      mes: {
        kind: 'mes',
        url: httpUrl(server.mes),
        database: 'mes-db',
        token: `\${file:${file.maintainer}}`,
        drillable: true,
      },
      'mes-db': postgres('mes'),
      'erp-db': postgres('erp'),
      'wms-db': postgres('wms'),
      'mes-queue': {
        kind: 'rabbitmq',
        url: `amqp://guest:guest@${loopback(server.amqp)}`,
        management: `http://guest:guest@${loopback(server['amqp-management'])}`,
        server: 'rabbitmq-process',
        drillable: true,
      },
      ...links,
      'mes-release': {
        kind: 'release',
        control: httpUrl(server['mes-release']),
        token: `\${file:${file.release}}`,
        drillable: true,
      },
      'L1-devices': devices('L1', 'L1-*'),
      'L1-U1-PLC': devices('L1', 'L1-U1-PLC'),
      'L2-devices': devices('L2', 'L2-*'),
      'mes-process': processTarget('mes'),
      'erp-process': processTarget('erp'),
      'wms-process': processTarget('wms'),
      'postgres-process': processTarget('postgresql'),
      'rabbitmq-process': processTarget('rabbitmq'),
      'plant-server': {
        kind: 'host',
        ...(disk === undefined ? {} : { disk, logs: volumeLogs(disk) }),
        drillable: true,
      },
    },
    exporter: {
      listen: loopback(server.exporter),
      mes: ['mes'],
      databases: ['mes-db'],
      queues: ['mes-queue'],
      consistency: [operationsComparison],
      ...(disk === undefined ? {} : { host: { name: 'plant-server-host', mountpoints: [disk] } }),
    },
    prometheus: { url: httpUrl(server.prometheus) },
    alertmanager: { url: httpUrl(server.alertmanager) },
    runbooks: {
      listen: loopback(server.runbooks),
      token: `\${file:${file.runbooks}}`,
      // As in the plant: whoever has these rights at the MES answers for them here, too.
      people: peopleRoles.map((role) => ({ name: role, roles: [role], token: `\${file:${file[role]}}` })),
      public_url: httpUrl(server.runbooks),
      store: path.join(dir, 'runbooks.sqlite'),
      audit: path.join(dir, 'runbook-audit.ndjson'),
      repairs: operationsRepairs,
      snapshots: {
        'mes-config': { folder: path.join(dir, 'mes-config'), store: path.join(dir, 'snapshots') },
      },
      // A trial that a person can watch to its end.
      releases: { target: 'mes-release', snapshots: ['mes-config'], watch: '5m', give_up_after: '10m' },
    },
    drills: {
      listen: loopback(server.drill),
      token: `\${file:${file.drill}}`,
      runbooks_url: httpUrl(server.runbooks),
      load: { terminals: { target: 'mes', token: `\${file:${file.system}}` } },
      ledger: {
        acknowledgements: [path.join(dir, 'acknowledgements')],
        stop_after: '10s',
        systems: [
          {
            name: 'mes',
            target: 'mes-db',
            operations: operationsOf('operations', 'server_ts'),
            current: 'SELECT id AS source, last_seq AS seq FROM work_units',
          },
          {
            name: 'erp',
            target: 'erp-db',
            operations: operationsOf('operations_performance', 'received_at'),
          },
          { name: 'wms', target: 'wms-db', operations: operationsOf('stock_moves', 'received_at') },
        ],
        forwarders: [`${httpUrl(server.L1)}/-/status`, `${httpUrl(server.L2)}/-/status`],
      },
    },
  });
}
