import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Report } from '../../drills/report/schema.ts';
import { waitFor } from '../../kit/wait.ts';
import { labStatus } from '../../lab/status.ts';
import { readReport, runAndon, startAndon, temporaryFolder } from './andon-process.ts';

/** A lab that `andon lab up` has brought up as a process of its own, in a folder of its own. */
export interface RunningLab extends AsyncDisposable {
  readonly cwd: string;
  readonly dir: string;
  readonly process: ReturnType<typeof startAndon>;
  address(name: string): string;
  /** Runs `andon drill run` on a file of cli/testdata, or on a drill of the catalogue. */
  drill(fileOrId: string): Promise<{ code: number | null; output: string; report: Report }>;
  /** One statement on the MES's database, as its owner. */
  sql(text: string): Promise<Record<string, unknown>[]>;
}

export const testdata = (file: string): string =>
  fileURLToPath(new URL(`../testdata/${file}`, import.meta.url));

/** A cold lab on a machine that does other things beside it. */
const readyWithinMs = 110_000;

export async function startRunningLab(name: string): Promise<RunningLab> {
  const folder = temporaryFolder(name);
  const cwd = folder.path;
  const dir = path.join(cwd, '.andon', 'lab');
  const process = startAndon(cwd, 'lab', 'up');
  const ready = waitFor(() => labStatus(dir).running, {
    what: 'the lab',
    timeoutMs: readyWithinMs,
    everyMs: 200,
  });
  const died = process.ended.then(({ code, output }) => {
    throw new Error(`the lab ended with ${code} before it was ready:\n${output}`);
  });
  died.catch(() => {}); // Later on, its end is what the tests ask for.
  await Promise.race([ready, died]);
  const status = labStatus(dir);
  const addresses = status.running ? status.addresses : {};
  const address = (of: string) => addresses[of] ?? '';
  return {
    cwd,
    dir,
    process,
    address,
    async drill(fileOrId) {
      const out = path.join(cwd, 'out');
      const { code, output } = await runAndon(cwd, 'drill', 'run', fileOrId, '--out', out);
      return { code, output, report: readReport(path.join(out, path.basename(fileOrId, '.yaml'))) };
    },
    async sql(text) {
      const client = new pg.Client({ connectionString: address('mes-db'), connectionTimeoutMillis: 5000 });
      await client.connect();
      try {
        return (await client.query(text)).rows;
      } finally {
        await client.end();
      }
    },
    async [Symbol.asyncDispose]() {
      process.child.kill('SIGTERM');
      await process.ended;
      folder[Symbol.dispose]();
    },
  };
}

/** All findings of a report as one text. */
export const findingsOf = (report: Report): string => report.findings.map(({ text }) => text).join('\n');
