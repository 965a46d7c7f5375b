import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { UnavailableError } from '../kit/errors.ts';

interface Program {
  /** What a person calls it. */
  title: string;
  /** Names it goes by: distributions differ. */
  names: readonly string[];
  /** Asked before PATH: where the one on PATH is a wrapper that will not do. */
  folders?: readonly string[];
  /** The Debian package. */
  package: string;
}

const programs = {
  // What Debian puts on PATH runs as the user `rabbitmq`, with that user's files.
  'rabbitmq-server': {
    title: 'RabbitMQ',
    names: ['rabbitmq-server'],
    folders: ['/usr/lib/rabbitmq/bin'],
    package: 'rabbitmq-server',
  },
  epmd: { title: 'epmd of Erlang', names: ['epmd'], package: 'rabbitmq-server' },
  prometheus: { title: 'Prometheus', names: ['prometheus'], package: 'prometheus' },
  'prometheus-alertmanager': {
    title: 'Alertmanager',
    names: ['prometheus-alertmanager', 'alertmanager'],
    package: 'prometheus-alertmanager',
  },
  promtool: { title: 'promtool', names: ['promtool'], package: 'prometheus' },
  mariadbd: { title: 'MariaDB', names: ['mariadbd'], package: 'mariadb-server' },
  'mariadb-install-db': {
    title: 'mariadb-install-db',
    names: ['mariadb-install-db'],
    package: 'mariadb-server',
  },
  amtool: { title: 'amtool', names: ['amtool'], package: 'prometheus-alertmanager' },
} satisfies Record<string, Program>;

export type ProgramName = keyof typeof programs;

const needed = ['rabbitmq-server', 'epmd', 'prometheus', 'prometheus-alertmanager'] as const;
/** The file of every program that a lab runs and that npm does not bring. */
export type LabPrograms = Record<(typeof needed)[number], string>;

/** Finds all of them, or throws one UnavailableError that names everything that is missing. */
export function demandPrograms(pathList: string): LabPrograms {
  const missing: Program[] = [];
  const found = needed.map((name) => {
    const file = lookUp(name, pathList);
    if (file === undefined) missing.push(programs[name]);
    return [name, file];
  });
  if (missing.length > 0) throw isMissing('lab.programs-missing', missing);
  return Object.fromEntries(found) as LabPrograms;
}

/** Services are installed where an ordinary user's PATH does not look. */
const serviceFolders = ['/usr/sbin', '/usr/local/sbin'];

/** The file of a program that the lab needs. Throws an UnavailableError with the one line that mends it. */
export function findProgram(name: ProgramName, pathList: string): string {
  const found = lookUp(name, pathList);
  if (found === undefined) throw isMissing(`lab.${name}-missing`, [programs[name]]);
  return found;
}

function lookUp(name: ProgramName, pathList: string): string | undefined {
  const program: Program = programs[name];
  const onPath = pathList.split(path.delimiter).filter((folder) => folder !== '');
  return [...(program.folders ?? []), ...onPath, ...serviceFolders]
    .flatMap((folder) => program.names.map((file) => path.join(folder, file)))
    .find(isProgram);
}

function isMissing(code: string, missing: readonly Program[]): UnavailableError {
  const titles = missing.map(({ title }) => title).join(', ');
  const packages = [...new Set(missing.map((program) => program.package))].join(' ');
  return new UnavailableError(code, `missing: ${titles}`, {
    mend: `Run ./setup.sh, or as root: apt-get install ${packages}`,
  });
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
