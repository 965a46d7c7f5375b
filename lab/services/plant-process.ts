import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Child, startChild } from '../../kit/children.ts';
import { nodeArguments, plantEnvironment, plantPrograms } from '../../plant/processes.ts';
import type { PlantProcess } from '../plant.ts';
import { ready } from './own-service.ts';
import { baseEnvironment, type ServiceContext } from './service.ts';
import { tracingEnvironment } from './tracing-environment.ts';

/** Runs one process of the plant with its settings file, and returns when it serves. */
export async function startPlantProcess(
  context: ServiceContext,
  { name, program, settings }: PlantProcess,
): Promise<Child> {
  const { self, dir, owner, signal } = context;
  const file = path.join(dir, 'secrets', `${name}.json`);
  writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
  const child = await startChild(
    {
      name,
      command: self.command,
      args: [...nodeArguments, plantPrograms[program].module, file],
      env: {
        ...baseEnvironment(context),
        ...tracingEnvironment(context.env),
        ...plantEnvironment(path.join(dir, '..', 'compile-cache')),
      },
      cwd: dir,
      logFile: path.join(dir, 'logs', `${name}.log`),
    },
    owner,
  );
  return ready(child, signal);
}
