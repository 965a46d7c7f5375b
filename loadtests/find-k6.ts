import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { UnavailableError } from '../kit/errors.ts';

/** The k6 program on a PATH. Throws an UnavailableError with the line that mends it when there is none. */
export function findK6(pathList: string): string {
  const names = process.platform === 'win32' ? ['k6.exe'] : ['k6'];
  const found = pathList
    .split(path.delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => names.map((name) => path.join(folder, name)))
    .find(isProgram);
  if (found) return found;
  throw new UnavailableError('k6.missing', 'the load generator k6 is not on PATH', {
    mend: 'k6 is missing: run ./setup.sh (needs Go), or install k6 ≥ 1.0 from https://grafana.com/docs/k6 and put it on PATH',
  });
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
