import path from 'node:path';
import type { Weakness } from '../plant/settings.ts';
import { writeMonitoringFiles } from './monitoring-files.ts';
import { type PlantProcess, plantProcesses } from './plant.ts';
import { labServers } from './servers.ts';
import { startOwnService } from './services/own-service.ts';
import { startPlantProcess } from './services/plant-process.ts';
import type { ServiceContext } from './services/service.ts';
import { type Starting, StartOrder, type StartOrderOptions } from './start-order.ts';
import { untilPlantWorks } from './until-plant-works.ts';

/**
 * Starts everything as soon as what it needs is there. Each process could wait for the others by itself, as it must when a
 * plant's machines boot in any order; but on two cores one that only waits takes time from those that are waited for.
 */
export async function bringUp(
  outer: Omit<ServiceContext, 'signal'>,
  { configFile, weaken, ...options }: { configFile: string; weaken: Weakness[] } & StartOrderOptions,
): Promise<void> {
  const order = new StartOrder(options);
  const context: ServiceContext = { ...outer, signal: order.signal };
  const { dir, ports, secrets } = context;
  const own = (name: string, needs: Starting[], ...args: string[]) =>
    order.add(name, needs, () => startOwnService(context, name, args));
  const plant = (one: PlantProcess, needs: Starting[]) =>
    order.add(one.name, needs, () => startPlantProcess(context, one));

  const files = writeMonitoringFiles(dir, ports, secrets);
  const processes = plantProcesses(dir, ports, secrets, weaken);
  const [mes, others] = [processes.filter(isMes), processes.filter((one) => !isMes(one))];
  // RabbitMQ first: it takes longest.
  order.add('rabbitmq', [], () => labServers.rabbitmq(context));
  const database = order.add('postgresql', [], () => labServers.postgresql(context));
  const links = own('links', [], '--config', path.join(dir, 'links.json'), 'links');
  // Its first scrape decides when the lab is ready, and a scrape that comes too early is followed by the next after 5 s.
  own('exporter', [], '--config', configFile, 'exporter');
  order.add('prometheus', [], () => labServers.prometheus(context, files.prometheus));
  order.add('alertmanager', [], () => labServers.alertmanager(context, files.alertmanager));
  const mesStarts = mes.map((one) => plant(one, [database, links]));
  for (const one of others) plant(one, mesStarts);
  own('runbooks', mesStarts, '--config', configFile, 'runbook', 'serve');
  await order.allReady();
  order.add('the lines', [], async () => {
    await untilPlantWorks(context);
    return new AsyncDisposableStack();
  });
  await order.allReady();
}

const isMes = ({ program }: PlantProcess): boolean => program === 'mes';
