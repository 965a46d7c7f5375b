import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('./storm-main.ts', import.meta.url));

/** A notifier in a process of its own. */
export interface NotifierProcess extends AsyncDisposable {
  readonly url: string;
  /** SIGKILL: it gets no chance to put anything in order. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with its exit code. */
  stop(): Promise<number | null>;
}

export async function startNotifierProcess(
  store: string,
  receiverUrl: string,
  names: readonly string[],
): Promise<NotifierProcess> {
  const child = spawn(process.execPath, [main, store, receiverUrl, ...names], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const url = await Promise.race([firstLine(child), ended.then(() => '')]);
  if (url === '') throw new Error('the notifier ended before it listened');
  const endWith = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  return {
    url,
    kill: () => endWith('SIGKILL'),
    async stop() {
      await endWith('SIGTERM');
      return child.exitCode;
    },
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
