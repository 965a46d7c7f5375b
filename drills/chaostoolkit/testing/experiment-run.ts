import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startAndon } from '../../../cli/testing/andon-process.ts';
import { type CliRun, runCli } from '../../../cli/testing/run-cli.ts';
import type { ExperimentJournal } from '../journal.ts';

/** A folder with one experiment in it, and what is run on it. */
export class ExperimentFolder implements Disposable {
  readonly path = mkdtempSync(path.join(tmpdir(), 'andon-experiment-'));

  constructor(parts: Record<string, unknown>) {
    writeFileSync(
      this.file('e.json'),
      JSON.stringify({ title: 't', description: 'd', method: [], ...parts }),
    );
  }

  file(name: string): string {
    return path.join(this.path, name);
  }

  /** In this process. */
  run(...options: string[]): Promise<CliRun> {
    return runCli(this.path, 'drill', 'run', 'e.json', '--journal', 'j.json', ...options);
  }

  /** As a process of its own. */
  start(...options: string[]) {
    return startAndon(
      this.path,
      'drill',
      'run',
      'e.json',
      '--journal',
      'j.json',
      '--allow-process',
      ...options,
    );
  }

  journal(): ExperimentJournal {
    return JSON.parse(readFileSync(this.file('j.json'), 'utf8')) as ExperimentJournal;
  }

  has(name: string): boolean {
    return existsSync(this.file(name));
  }

  read(name: string): string {
    return readFileSync(this.file(name), 'utf8').trim();
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** An action that runs a program. */
export const action = (name: string, command: readonly string[], more: Record<string, unknown> = {}) => ({
  type: 'action',
  name,
  provider: { type: 'process', path: command[0], arguments: command.slice(1) },
  ...more,
});

/** An action in the shell. */
export const shell = (name: string, script: string, more: Record<string, unknown> = {}) =>
  action(name, ['sh', '-c', script], more);

/** A hypothesis of one process probe that must end with 0. */
export const steadyState = (script: string) => ({
  'steady-state-hypothesis': {
    title: 'h',
    probes: [{ ...shell('steady', script), type: 'probe', tolerance: 0 }],
  },
});
