import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Report, reportSchema } from '../../drills/report/schema.ts';

const bin = fileURLToPath(new URL('../bin.ts', import.meta.url));

/** `andon ARGS` as a process of its own, as a user starts it. */
export function startAndon(
  cwd: string,
  ...args: string[]
): { child: ChildProcess; ended: Promise<{ code: number | null; output: string }> } {
  const child = spawn(process.execPath, [bin, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
  return { child, ended };
}

/** Runs it to its end. */
export const runAndon = (cwd: string, ...args: string[]) => startAndon(cwd, ...args).ended;

/** A folder for one test file, removed at its end. */
export function temporaryFolder(name: string): Disposable & { path: string } {
  const folder = mkdtempSync(path.join(tmpdir(), `andon-${name}-`));
  return { path: folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The report in a run's folder, checked against the published schema. */
export function readReport(dir: string): Report {
  const file = path.join(dir, 'report.json');
  if (!existsSync(file)) throw new Error(`there is no ${file}`);
  return reportSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}
