import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A folder of a test's own, gone with its scope. */
export function tempFolder(): Disposable & { path: string; file(name: string): string } {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'andon-runbooks-'));
  return {
    path: folder,
    file: (name) => path.join(folder, name),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
