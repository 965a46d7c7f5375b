import path from 'node:path';
import type { Weakness } from '../plant/settings.ts';
import type { LabProgress } from './lab.ts';
import { writeMonitoringFiles } from './monitoring-files.ts';
import { type PlantProcess, plantProcesses } from './plant.ts';
import { labServers } from './servers.ts';
import { startOwnService } from './services/own-service.ts';
import { startPlantProcess } from './services/plant-process.ts';
import type { ServiceContext } from './services/service.ts';
import { untilPlantWorks } from './until-plant-works.ts';

export interface BringUp {
  configFile: string;
  weaken: Weakness[];
  onProgress: (progress: LabProgress) => void;
  /** Takes what has been started, in the order in which it became ready; whoever owns it stops it in reverse. */
  stack: AsyncDisposableStack;
}

/**
 * Starts everything as soon as what it needs is there. Each process could wait for the others by itself, as it must when a
 * plant's machines boot in any order; but on two cores one that only waits takes time from those that are waited for.
 */
export async function bringUp(
  outer: ServiceContext,
  { configFile, weaken, onProgress, stack }: BringUp,
): Promise<void> {
  const first = new AbortController();
  const context = { ...outer, signal: AbortSignal.any([outer.signal, first.signal]) };
  const begin = async (service: string, start: () => Promise<AsyncDisposable>): Promise<void> => {
    context.signal.throwIfAborted();
    const from = performance.now();
    onProgress({ service, state: 'starting', ms: 0 });
    stack.use(await start());
    onProgress({ service, state: 'ready', ms: performance.now() - from });
  };
  const all: Promise<void>[] = [];
  /** Starts one when all before it are ready. When one fails, nobody waits for the others any longer. */
  const after = (before: Promise<unknown>[], service: string, start: () => Promise<AsyncDisposable>) => {
    const begun = Promise.all(before).then(() => begin(service, start));
    all.push(begun);
    begun.catch((error: unknown) => first.abort(error));
    return begun;
  };
  const own = (before: Promise<unknown>[], name: string, ...args: string[]) =>
    after(before, name, () => startOwnService(context, name, args));
  const plant = (before: Promise<unknown>[], one: PlantProcess) =>
    after(before, one.name, () => startPlantProcess(context, one));

  const { dir, ports, secrets } = context;
  const files = writeMonitoringFiles(dir, ports, secrets);
  const processes = plantProcesses(dir, ports, secrets, weaken);
  // RabbitMQ first: it takes longest.
  after([], 'rabbitmq', () => labServers.rabbitmq(context));
  const database = after([], 'postgresql', () => labServers.postgresql(context));
  const links = own([], 'links', '--config', path.join(dir, 'links.json'), 'links');
  // Its first scrape decides when the lab is ready, and a scrape that comes too early is followed by the next after 5 s.
  own([], 'exporter', '--config', configFile, 'exporter');
  after([], 'prometheus', () => labServers.prometheus(context, files.prometheus));
  after([], 'alertmanager', () => labServers.alertmanager(context, files.alertmanager));
  const mes = processes
    .filter(({ program }) => program === 'mes')
    .map((one) => plant([database, links], one));
  for (const one of processes) if (one.program !== 'mes') plant(mes, one);
  own(mes, 'runbooks', '--config', configFile, 'runbook', 'serve');
  await Promise.allSettled(all);
  outer.signal.throwIfAborted();
  first.signal.throwIfAborted();
  await begin('the lines', async () => {
    await untilPlantWorks(context);
    return { async [Symbol.asyncDispose]() {} };
  });
}
