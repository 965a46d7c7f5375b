import { PassThrough } from 'node:stream';
import { main } from '../main.ts';

/** What a command printed, and how it ended. */
export interface CliRun {
  code: number;
  stdout: string;
  stderr: string;
}

/** The folder a command runs in, its PATH when it is not ours, and what else stands in its environment. */
export type Place = string | { cwd: string; path?: string; env?: Record<string, string> };

/** Runs `andon ARGS` in this process. */
export async function runCli(place: Place, ...args: string[]): Promise<CliRun> {
  const { cwd, path = process.env.PATH, env = {} } = typeof place === 'string' ? { cwd: place } : place;
  const [stdout, out] = collector();
  const [stderr, err] = collector();
  const code = await main(args, {
    env: { PATH: path, ...env },
    cwd,
    stdin: new PassThrough(),
    stdout,
    stderr,
  });
  return { code, stdout: out(), stderr: err() };
}

function collector(): [PassThrough, () => string] {
  const stream = new PassThrough();
  let text = '';
  stream.on('data', (chunk) => {
    text += String(chunk);
  });
  return [stream, () => text];
}
