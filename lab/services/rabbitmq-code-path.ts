import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';

/** The plugin that a lab uses, and what RabbitMQ wants to find beside it. */
const usedPlugins = ['rabbit', 'rabbitmq_management', 'rabbitmq_management_agent', 'rabbitmq_web_dispatch'];

/** How Erlang is told where to look. */
export interface CodePath {
  /** Options of `erl`. */
  erlArgs: string;
  env: Record<string, string>;
}

/**
 * Brings RabbitMQ up with a third less work. Erlang looks for each of some 800 modules in each of some 90 folders in turn, and
 * every miss wakes threads. So the folder of plugins holds only links to those that are used, and the folders of what is
 * started at all are searched first, those with most modules before the others. Tried with RabbitMQ 3; for any other layout
 * nothing is set.
 */
export function shortCodePath(
  programs: { 'rabbitmq-server': string; epmd: string },
  folder: string,
): CodePath {
  const plugins = path.resolve(realpathSync(programs['rabbitmq-server']), '../../plugins');
  const erlang = path.resolve(realpathSync(programs.epmd), '../../../lib');
  const available = new Map([...applicationsIn(erlang), ...applicationsIn(plugins)]);
  const rabbit = available.get('rabbit');
  if (rabbit === undefined || !path.basename(rabbit.folder).startsWith('rabbit-3.'))
    return { erlArgs: '', env: {} };
  const shortPlugins = path.join(folder, 'used-plugins');
  // Anew when it is started again.
  rmSync(shortPlugins, { recursive: true, force: true });
  mkdirSync(shortPlugins, { recursive: true });
  for (const name of usedPlugins) {
    const found = available.get(name);
    if (found) symlinkSync(found.folder, path.join(shortPlugins, path.basename(found.folder)));
  }
  const searched = [...startedWith(usedPlugins, available)]
    .filter((name) => !usedPlugins.includes(name))
    .flatMap((name) => available.get(name) ?? [])
    // `-pa` puts each folder before the ones that it has put there already.
    .toSorted((a, b) => a.modules - b.modules);
  return {
    erlArgs: ['-pa', ...searched.map((application) => path.join(application.folder, 'ebin'))].join(' '),
    env: { RABBITMQ_PLUGINS_DIR: shortPlugins },
  };
}

/** An Erlang application: a folder `name-version` with its modules in `ebin`. */
interface Application {
  folder: string;
  modules: number;
  needs: string[];
}

function applicationsIn(folder: string): [string, Application][] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((entry): [string, Application][] => {
    const name = entry.replace(/-[^-]*$/, '');
    const ebin = path.join(folder, entry, 'ebin');
    const description = path.join(ebin, `${name}.app`);
    // A path with a space would fall apart on its way through RabbitMQ's shell script.
    if (/\s/.test(ebin) || !existsSync(description)) return [];
    const needs = /\{\s*applications\s*,\s*\[(?<names>[^\]]*)\]/.exec(
      readFileSync(description, 'utf8'),
    )?.groups;
    const modules = readdirSync(ebin).filter((file) => file.endsWith('.beam')).length;
    return [[name, { folder: path.join(folder, entry), modules, needs: needs?.names?.match(/\w+/g) ?? [] }]];
  });
}

/** These applications and all that they need, directly or not. */
function startedWith(names: readonly string[], available: Map<string, Application>): Set<string> {
  const started = new Set(names);
  for (const name of started) for (const needed of available.get(name)?.needs ?? []) started.add(needed);
  return started;
}
