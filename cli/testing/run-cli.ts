import { PassThrough } from 'node:stream';
import { main } from '../main.ts';

/** What a command printed, and how it ended. */
export interface CliRun {
  code: number;
  stdout: string;
  stderr: string;
}

/** The folder a command runs in, and its PATH when it is not ours. */
export type Place = string | { cwd: string; path: string };

/** Runs `andon ARGS` in this process. */
export async function runCli(place: Place, ...args: string[]): Promise<CliRun> {
  const { cwd, path } = typeof place === 'string' ? { cwd: place, path: process.env.PATH } : place;
  const [stdout, out] = collector();
  const [stderr, err] = collector();
  const code = await main(args, { env: { PATH: path }, cwd, stdin: new PassThrough(), stdout, stderr });
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
