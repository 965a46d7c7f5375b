import path from 'node:path';
import type { ChildOwner } from '../kit/children.ts';
import type { Weakness } from '../plant/settings.ts';
import type { LabControl } from './control.ts';
import { ControlledService, type RunningService } from './controlled-service.ts';
import { writeMonitoringFiles } from './monitoring-files.ts';
import { PidFiles } from './pid-files.ts';
import { type PlantProcess, plantProcesses } from './plant.ts';
import { labServers } from './servers.ts';
import { startOwnService } from './services/own-service.ts';
import { startPlantProcess } from './services/plant-process.ts';
import type { ServiceContext } from './services/service.ts';
import { type Starting, StartOrder, type StartOrderOptions } from './start-order.ts';
import { untilPlantWorks } from './until-plant-works.ts';

export interface BringUpOptions {
  configFile: string;
  weaken: Weakness[];
  /** Is given each service, once it is ready. */
  control: LabControl;
}

/**
 * Starts everything as soon as what it needs is there. Each process could wait for the others by itself, as it must when a
 * plant's machines boot in any order; but on two cores one that only waits takes time from those that are waited for.
 */
export async function bringUp(
  outer: Omit<ServiceContext, 'signal'>,
  { configFile, weaken, control, ...options }: BringUpOptions & StartOrderOptions,
): Promise<void> {
  const order = new StartOrder(options);
  const context: ServiceContext = { ...outer, signal: order.signal };
  const { dir, ports, secrets } = context;
  const common = { owner: context.owner, pids: new PidFiles(dir) };
  const add = (name: string, needs: Starting[], start: (own: ServiceContext) => Promise<RunningService>) =>
    order.add(name, needs, async () => {
      const run = (owner: ChildOwner, signal: AbortSignal) => start({ ...context, owner, signal });
      const service = new ControlledService(name, run, common);
      await service.begin(order.signal);
      control.add(service);
      return service;
    });
  const own = (name: string, needs: Starting[], ...args: string[]) =>
    add(name, needs, (context) => startOwnService(context, name, args));
  const plant = (one: PlantProcess, needs: Starting[]) =>
    add(one.name, needs, (context) => startPlantProcess(context, one));

  const files = writeMonitoringFiles(dir, ports, secrets);
  const processes = plantProcesses(dir, ports, secrets, weaken);
  const [mes, others] = [processes.filter(isMes), processes.filter((one) => !isMes(one))];
  // RabbitMQ first: it takes longest.
  add('rabbitmq', [], labServers.rabbitmq);
  const database = add('postgresql', [], labServers.postgresql);
  const links = own('links', [], '--config', path.join(dir, 'links.json'), 'links');
  // Its first scrape decides when the lab is ready, and a scrape that comes too early is followed by the next after 5 s.
  own('exporter', [], '--config', configFile, 'exporter');
  add('prometheus', [], (context) => labServers.prometheus(context, files.prometheus));
  add('alertmanager', [], (context) => labServers.alertmanager(context, files.alertmanager));
  // The router in front of it needs nobody to be ready.
  const mesStarts = mes.map((one) => plant(one, one.program === 'mes' ? [database, links] : []));
  // The third party is there before anybody needs it.
  for (const one of others) plant(one, one.program === 'esign' ? [] : mesStarts);
  own('runbooks', mesStarts, '--config', configFile, 'runbook', 'serve');
  await order.allReady();
  order.add('the lines', [], async () => {
    await untilPlantWorks(context);
    return new AsyncDisposableStack();
  });
  await order.allReady();
}

/** What the others call the MES: it, and the router in front of it. */
const isMes = ({ program }: PlantProcess): boolean => program === 'mes' || program === 'router';
