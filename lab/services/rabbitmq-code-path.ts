import { existsSync, mkdirSync, readdirSync, realpathSync, symlinkSync } from 'node:fs';
import path from 'node:path';

/** The plugin that a lab uses, and the parts of RabbitMQ that must stand beside it. */
const usedPlugins = ['rabbit', 'rabbitmq_management', 'rabbitmq_management_agent', 'rabbitmq_web_dispatch'];

/**
 * Settings that bring RabbitMQ up in two thirds of the time. Erlang looks for each of some 800 modules in each of some 90
 * folders in turn, and every miss wakes threads. So the folder of plugins holds only links to what is used, and links to all
 * modules stand in one folder that is searched before the others. Tried with RabbitMQ 3; for any other layout nothing is set.
 */
export function shortCodePath(server: string, folder: string): Record<string, string> {
  const plugins = path.join(path.dirname(path.dirname(realpathSync(server))), 'plugins');
  const parts = existsSync(plugins) ? readdirSync(plugins) : [];
  const ebin = (part: string): string => path.join(plugins, part, 'ebin');
  if (!parts.some((part) => part.startsWith('rabbit-3.') && existsSync(ebin(part)))) return {};
  const shortPlugins = path.join(folder, 'used-plugins');
  const modules = path.join(folder, 'modules');
  for (const made of [shortPlugins, modules]) mkdirSync(made, { recursive: true });
  for (const part of parts) {
    if (usedPlugins.some((name) => part.startsWith(`${name}-`)))
      symlinkSync(path.join(plugins, part), path.join(shortPlugins, part));
    if (existsSync(ebin(part))) linkModules(ebin(part), modules);
  }
  return { RABBITMQ_PLUGINS_DIR: shortPlugins, RABBITMQ_SERVER_CODE_PATH: modules };
}

function linkModules(from: string, to: string): void {
  for (const file of readdirSync(from))
    if (file.endsWith('.beam') && !existsSync(path.join(to, file)))
      symlinkSync(path.join(from, file), path.join(to, file));
}
