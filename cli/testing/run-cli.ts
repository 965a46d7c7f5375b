import { PassThrough } from 'node:stream';
import { main } from '../main.ts';

/** What a command printed, and how it ended. */
export interface CliRun {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `andon ARGS` in this process, in a folder of the test's. */
export async function runCli(cwd: string, ...args: string[]): Promise<CliRun> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const texts = { stdout: '', stderr: '' };
  stdout.on('data', (chunk) => {
    texts.stdout += String(chunk);
  });
  stderr.on('data', (chunk) => {
    texts.stderr += String(chunk);
  });
  const code = await main(args, {
    env: { PATH: process.env.PATH },
    cwd,
    stdin: new PassThrough(),
    stdout,
    stderr,
  });
  return { code, ...texts };
}
