import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { startKeeper } from '../kit/keeper.ts';
import type { Log } from '../kit/log.ts';
import type { SelfCommand } from '../kit/module-path.ts';
import type { Weakness } from '../plant/settings.ts';
import { choosePorts, httpUrl, type LabPorts, linkNames, loopback } from './addresses.ts';
import { andonYaml } from './andon-yaml.ts';
import { type LabFolder, takeLabFolder } from './folder.ts';
import { writeMonitoringFiles } from './monitoring-files.ts';
import { plantProcesses } from './plant.ts';
import { demandPrograms } from './programs.ts';
import { type LabSecrets, makeSecrets } from './secrets.ts';
import { labServers } from './servers.ts';
import { startOwnService } from './services/own-service.ts';
import { startPlantProcess } from './services/plant-process.ts';
import type { ServiceContext } from './services/service.ts';
import { untilPlantWorks } from './until-plant-works.ts';

/** What is told while a lab comes up. */
export interface LabProgress {
  service: string;
  state: 'starting' | 'ready';
  /** Since the start of this service. */
  ms: number;
}

export interface LabOptions {
  /** The lab's folder; what an earlier lab left there is cleared away. */
  dir: string;
  /** How this very `andon` is started: the exporter, the runbook service and the links run as processes of it. */
  self: SelfCommand;
  /** The environment in which programs are looked up (PATH) and run. */
  env: Readonly<Record<string, string | undefined>>;
  weaken: Weakness[];
  log: Log;
  signal: AbortSignal;
  onProgress?: (progress: LabProgress) => void;
}

/** A running lab; leaving its scope stops everything in reverse order. */
export interface Lab extends AsyncDisposable {
  readonly dir: string;
  /** The andon.yaml for every other command. */
  readonly configFile: string;
  /** Name → address. */
  readonly addresses: Readonly<Record<string, string>>;
}

/** Brings up a whole plant with its monitoring. Throws an UnavailableError that says what is missing and how to get it. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const programs = demandPrograms(options.env.PATH ?? '');
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(takeLabFolder(path.resolve(options.dir)));
  const ports = await choosePorts();
  const secrets = makeSecrets(path.join(folder.dir, 'secrets'));
  const configFile = writeConfiguration(folder, ports, secrets);
  const context: ServiceContext = {
    dir: folder.dir,
    ports,
    secrets,
    programs,
    self: options.self,
    env: options.env,
    owner: { keeper: stack.use(await startKeeper()), log: options.log },
    signal: options.signal,
  };
  await startEverything(context, configFile, options, stack);
  const addresses = addressesOf(ports, secrets);
  folder.announce(addresses, true);
  const owned = stack.move();
  return { dir: folder.dir, configFile, addresses, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function writeConfiguration({ dir }: LabFolder, ports: LabPorts, secrets: LabSecrets): string {
  const file = path.join(dir, 'andon.yaml');
  writeFileSync(file, andonYaml(dir, ports, secrets), { mode: 0o600 });
  const { server, link } = ports;
  const upstream = (name: string) =>
    name.endsWith('-db') ? server.postgres : name.endsWith('-queue') ? server.amqp : server.mes;
  const links = linkNames.map((name) => ({
    name,
    listen: loopback(link[name]),
    upstream: loopback(upstream(name)),
  }));
  writeFileSync(
    path.join(dir, 'links.json'),
    JSON.stringify({ listen: loopback(server.links), links }, null, 2),
  );
  return file;
}

/** Starts all at once: each process waits for what it needs by itself, as it must when a plant's machines boot in any order. */
async function startEverything(
  context: ServiceContext,
  configFile: string,
  { weaken, onProgress = () => {} }: LabOptions,
  stack: AsyncDisposableStack,
): Promise<void> {
  const { dir, ports, secrets } = context;
  const monitoring = writeMonitoringFiles(dir, ports, secrets);
  const start = async (service: string, starting: Promise<AsyncDisposable>) => {
    const from = performance.now();
    onProgress({ service, state: 'starting', ms: 0 });
    stack.use(await starting);
    onProgress({ service, state: 'ready', ms: performance.now() - from });
  };
  const own = (service: string, ...args: string[]) => start(service, startOwnService(context, service, args));
  const results = await Promise.allSettled([
    start('rabbitmq', labServers.rabbitmq(context)),
    start('postgresql', labServers.postgresql(context)),
    own('links', '--config', path.join(dir, 'links.json'), 'links'),
    ...plantProcesses(dir, ports, secrets, weaken).map((one) =>
      start(one.name, startPlantProcess(context, one)),
    ),
    start('prometheus', labServers.prometheus(context, monitoring.prometheus)),
    start('alertmanager', labServers.alertmanager(context, monitoring.alertmanager)),
    own('exporter', '--config', configFile, 'exporter'),
    own('runbooks', '--config', configFile, 'runbook', 'serve'),
  ]);
  const failed = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  if (failed.length > 0) throw failed[0];
  await start(
    'the lines',
    untilPlantWorks(context).then(() => ({ async [Symbol.asyncDispose]() {} })),
  );
}

function addressesOf({ server, link }: LabPorts, { value }: LabSecrets): Record<string, string> {
  return {
    mes: httpUrl(server.mes),
    prometheus: httpUrl(server.prometheus),
    alertmanager: httpUrl(server.alertmanager),
    exporter: `${httpUrl(server.exporter)}/metrics`,
    runbooks: httpUrl(server.runbooks),
    links: httpUrl(server.links),
    'mes-db': `postgres://postgres:${value.postgres}@${loopback(server.postgres)}/mes`,
    'mes-db-link': loopback(link['mes-db']),
    rabbitmq: httpUrl(server['amqp-management']),
    'gateway L1': httpUrl(server.L1),
    'gateway L2': httpUrl(server.L2),
  };
}
