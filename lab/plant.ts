import path from 'node:path';
import type { PlantProgram, SettingsFile } from '../plant/processes.ts';
import { standardLine, type Weakness } from '../plant/settings.ts';
import { httpUrl, type LabPorts, loopback } from './addresses.ts';
import type { LabSecrets } from './secrets.ts';

/** One process of the plant: its name here, the program, and what stands in its settings file. */
export type PlantProcess = {
  [P in PlantProgram]: { name: string; program: P; settings: SettingsFile<P> };
}[PlantProgram];

/** The devices of the lab report more often than every 30 s, so that their silence is seen within a drill. */
const heartbeatMs = 5000;

/** Signatures are looked after more often than every minute, so that a third party that is down is seen within a drill. */
const signatureIntervalMs = 8000;

/** The plant's processes, each reaching the others through the links, so that a drill can cut them. */
export function plantProcesses(
  dir: string,
  ports: LabPorts,
  { value }: LabSecrets,
  weaken: Weakness[],
): PlantProcess[] {
  const { server, link } = ports;
  const common = (port: number) => ({ listen: { port }, weaken });
  const database = (name: 'mes' | 'erp' | 'wms') =>
    `postgres://postgres:${value.postgres}@${loopback(link[`${name}-db`])}/${name}`;
  const queue = (name: 'mes' | 'erp' | 'wms') => `amqp://guest:guest@${loopback(link[`${name}-queue`])}`;
  const mes = { url: httpUrl(server.mes), token: value.system };
  const operator = { [value.operator]: { actor: 'operators', role: 'operator' as const } };
  const maintainer = { [value.maintainer]: { actor: 'maintainer', role: 'maintainer' as const } };
  const lines = (['L1', 'L2'] as const).map((id) => ({ id, line: standardLine(id) }));
  return [
    {
      name: 'mes',
      program: 'mes',
      settings: {
        ...common(server['mes-stable']),
        database: database('mes'),
        queue: queue('mes'),
        tokens: {
          ...operator,
          [value.director]: { actor: 'director', role: 'director' },
          [value.leader]: { actor: 'leader', role: 'leader' },
          ...maintainer,
          [value.system]: { actor: 'system', role: 'system' },
        },
        signatures: { url: httpUrl(link['mes-esign']), interval_ms: signatureIntervalMs },
      },
    },
    {
      // Whoever asks the MES asks the router; it starts the versions that are on trial.
      name: 'router',
      program: 'router',
      settings: {
        ...common(server.mes),
        control: { port: server['mes-release'] },
        control_token: value.release,
        stable: { url: httpUrl(server['mes-stable']) },
        mes_settings: path.join(dir, 'secrets', 'mes.json'),
        folder: path.join(dir, 'secrets'),
        log_folder: path.join(dir, 'logs'),
        state_file: path.join(dir, 'router-state.json'),
      },
    },
    { name: 'esign', program: 'esign', settings: common(server.esign) },
    {
      name: 'erp',
      program: 'erp',
      settings: { ...common(server.erp), database: database('erp'), queue: queue('erp'), mes },
    },
    {
      name: 'wms',
      program: 'wms',
      settings: { ...common(server.wms), database: database('wms'), queue: queue('wms') },
    },
    ...lines.map(
      ({ id, line }): PlantProcess => ({
        name: `edge-${id}`,
        program: 'edge',
        settings: {
          ...common(server[id]),
          line,
          mes: { url: httpUrl(link[`${id}-mes`]), token: value.system },
          // Maintainers may make devices silent there, for drills.
          tokens: { ...operator, ...maintainer },
          journal: path.join(dir, `edge-${id}.sqlite`),
          heartbeat_ms: heartbeatMs,
        },
      }),
    ),
    {
      name: 'operators',
      program: 'operators',
      settings: {
        ...common(0),
        lines: lines.map(({ id, line }) => ({ line, gateway: httpUrl(server[id]), token: value.operator })),
        acknowledgements: path.join(dir, 'acknowledgements'),
        leader: { url: httpUrl(server.mes), token: value.leader },
      },
    },
  ];
}
