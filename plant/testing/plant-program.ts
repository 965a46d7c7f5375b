import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { nodeArguments, type PlantProgram, plantPrograms, type SettingsFile } from '../processes.ts';

/** A program of the reference plant as a process of its own, as in a plant: it survives what happens to a runner. */
export async function startPlantProgram<P extends PlantProgram>(
  program: P,
  settings: SettingsFile<P>,
  folder: string,
): Promise<AsyncDisposable & { url: string; pid: number }> {
  const file = path.join(folder, `${program}.json`);
  writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
  const child = spawn(process.execPath, [...nodeArguments, plantPrograms[program].module, file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as { ready?: boolean; url?: string };
    if (said.ready) resolve(said.url ?? '');
  });
  exited.then(() => reject(new Error(`${program} ended before it was ready`)), reject);
  return {
    url: await promise,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await exited;
    },
  };
}
