import type { Child } from '../../kit/children.ts';
import { httpUrl } from '../../lab/addresses.ts';
import { startOwnService } from '../../lab/services/own-service.ts';
import { startPlantProcess } from '../../lab/services/plant-process.ts';
import type { ServiceContext } from '../../lab/services/service.ts';
import type { MesAccess } from './terminals.ts';

/** A second MES with a database of its own and hardly any traffic. */
export async function startNightMes(
  context: ServiceContext,
  database: string,
  queue: string,
): Promise<MesAccess & AsyncDisposable> {
  const { ports, secrets } = context;
  const token = secrets.value.leader;
  const child = await startPlantProcess(context, {
    name: 'night',
    program: 'mes',
    settings: {
      listen: { port: ports.server.mes },
      database,
      queue,
      tokens: { [token]: { actor: 'leader', role: 'leader' } },
      pool_max: 4,
    },
  });
  return { url: httpUrl(ports.server.mes), token, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}

/** `andon exporter` with that andon.yaml. */
export const startExporter = (context: ServiceContext, name: string, file: string): Promise<Child> =>
  startOwnService(context, name, ['--config', file, 'exporter']);
