import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { startKeeper } from '../kit/keeper.ts';
import type { Log } from '../kit/log.ts';
import type { SelfCommand } from '../kit/module-path.ts';
import type { Weakness } from '../plant/settings.ts';
import { choosePorts, httpUrl, isHttpLink, type LabPorts, linkNames, loopback } from './addresses.ts';
import { andonYaml, type LabComputer } from './andon-yaml.ts';
import { bringUp } from './bring-up.ts';
import { notedKeeper } from './children-file.ts';
import { LabControl } from './control.ts';
import { serveControl } from './control-server.ts';
import { type LabFolder, takeLabFolder } from './folder.ts';
import { demandPrograms } from './programs.ts';
import { type LabSecrets, makeSecrets } from './secrets.ts';
import { baseEnvironment } from './services/service.ts';
import type { LabProgress } from './start-order.ts';
import { mountVolume } from './volume.ts';

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
  const folder = stack.use(await takeLabFolder(path.resolve(options.dir)));
  const ports = await choosePorts();
  const secrets = makeSecrets(path.join(folder.dir, 'secrets'));
  const { dir } = folder;
  const { self, env, log } = options;
  const owner = { keeper: stack.use(notedKeeper(await startKeeper(), dir)), log };
  const logFile = path.join(dir, 'logs', 'volume.log');
  const volume = stack.use(await mountVolume(dir, { owner, env: baseEnvironment({ dir, env }), logFile }));
  const configFile = writeConfiguration(folder, ports, secrets, { self, disk: volume?.folder });
  const context = {
    dir,
    ports,
    secrets,
    programs,
    self,
    env,
    owner,
  };
  const { weaken, signal, onProgress = () => {} } = options;
  const control = new LabControl();
  await bringUp(context, { configFile, weaken, control, signal, onProgress, stack });
  stack.use(await serveControl(control, ports.server.control, secrets.value.control));
  const addresses = addressesOf(ports, secrets);
  folder.announce(addresses, true);
  const owned = stack.move();
  return { dir: folder.dir, configFile, addresses, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function writeConfiguration(
  { dir }: LabFolder,
  ports: LabPorts,
  secrets: LabSecrets,
  computer: LabComputer,
): string {
  const file = path.join(dir, 'andon.yaml');
  writeFileSync(file, andonYaml(dir, ports, secrets, computer), { mode: 0o600 });
  const { server, link } = ports;
  const upstream = (name: string) => {
    if (name.endsWith('-esign')) return server.esign;
    return name.endsWith('-db') ? server.postgres : name.endsWith('-queue') ? server.amqp : server.mes;
  };
  const links = linkNames.map((name) => ({
    name,
    listen: loopback(link[name]),
    upstream: loopback(upstream(name)),
    protocol: isHttpLink(name) ? 'http' : 'tcp',
  }));
  writeFileSync(
    path.join(dir, 'links.json'),
    JSON.stringify({ listen: loopback(server.links), links }, null, 2),
  );
  return file;
}

function addressesOf({ server, link }: LabPorts, { value }: LabSecrets): Record<string, string> {
  return {
    mes: httpUrl(server.mes),
    release: httpUrl(server['mes-release']),
    prometheus: httpUrl(server.prometheus),
    alertmanager: httpUrl(server.alertmanager),
    exporter: `${httpUrl(server.exporter)}/metrics`,
    runbooks: httpUrl(server.runbooks),
    links: httpUrl(server.links),
    control: httpUrl(server.control),
    'mes-db': `postgres://postgres:${value.postgres}@${loopback(server.postgres)}/mes`,
    'mes-db-link': loopback(link['mes-db']),
    rabbitmq: httpUrl(server['amqp-management']),
    esign: httpUrl(server.esign),
    'gateway L1': httpUrl(server.L1),
    'gateway L2': httpUrl(server.L2),
  };
}
