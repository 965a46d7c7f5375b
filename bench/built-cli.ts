import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The command line as an installed package runs it. */
export interface BuiltCli extends Disposable {
  /** The file that Node runs. */
  readonly bin: string;
}

/**
 * Builds the command line as JavaScript into a folder of its own inside the checkout, where it finds node_modules: what strips the
 * types of a checkout takes some 20 MiB of every process, and an installed package has none of it.
 */
export function buildCli(): BuiltCli {
  const root = fileURLToPath(new URL('..', import.meta.url));
  mkdirSync(path.join(root, '.andon'), { recursive: true });
  const folder = mkdtempSync(path.join(root, '.andon/bench-'));
  const built: BuiltCli = {
    bin: path.join(folder, 'dist/cli/bin.js'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
  const project = path.join(folder, 'tsconfig.json');
  const entries = ['cli/bin.ts', 'exporters/consistency/comparison-worker.ts'];
  const compilerOptions = { noEmit: false, noCheck: true, outDir: 'dist', rootDir: '../..' };
  const include = entries.map((entry) => `../../${entry}`);
  writeFileSync(
    project,
    JSON.stringify({ extends: '../../tsconfig.json', compilerOptions, include, exclude: [] }),
  );
  cpSync(path.join(root, 'package.json'), path.join(folder, 'package.json'));
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' });
  if (status === 0) return built;
  built[Symbol.dispose]();
  throw new Error(`the command line could not be built: ${stdout}`);
}
