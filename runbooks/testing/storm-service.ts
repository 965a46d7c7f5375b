import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const stormToken = 'a-token-of-some-length';
export const stormRunbooks = ['act-first', 'act-second'];

const main = fileURLToPath(new URL('./storm-service-main.ts', import.meta.url));

/** The service in a process of its own. */
export interface StormService extends AsyncDisposable {
  readonly url: string;
  readonly port: string;
  /** SIGKILL: it gets no chance to put anything in order. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<void>;
}

/** On a port of its own, or the one that an earlier one had. */
export async function startStormService(folder: string, port = '0'): Promise<StormService> {
  const child = spawn(process.execPath, [main, folder, port], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const url = await Promise.race([firstLine(child), ended.then(() => '')]);
  if (url === '') throw new Error('the service ended before it listened');
  const endWith = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  return {
    url,
    port: new URL(url).port,
    kill: () => endWith('SIGKILL'),
    stop: () => endWith('SIGTERM'),
    [Symbol.asyncDispose]: () => endWith('SIGKILL'),
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const piece of child.stdout ?? []) {
    text += String(piece);
    if (text.includes('\n')) break;
  }
  return text.split('\n')[0] ?? '';
}
