import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { startKeeper } from '../kit/keeper.ts';
import type { Log } from '../kit/log.ts';
import type { SelfCommand } from '../kit/module-path.ts';
import type { Weakness } from '../plant/settings.ts';
import { choosePorts, httpUrl, type LabPorts, linkNames, loopback } from './addresses.ts';
import { andonYaml } from './andon-yaml.ts';
import { bringUp } from './bring-up.ts';
import { notedKeeper } from './children-file.ts';
import { type LabFolder, takeLabFolder } from './folder.ts';
import { demandPrograms } from './programs.ts';
import { type LabSecrets, makeSecrets } from './secrets.ts';
import type { LabProgress } from './start-order.ts';

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
  const configFile = writeConfiguration(folder, ports, secrets);
  const context = {
    dir: folder.dir,
    ports,
    secrets,
    programs,
    self: options.self,
    env: options.env,
    owner: { keeper: stack.use(notedKeeper(await startKeeper(), folder.dir)), log: options.log },
  };
  const { weaken, signal, onProgress = () => {} } = options;
  await bringUp(context, { configFile, weaken, signal, onProgress, stack });
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
