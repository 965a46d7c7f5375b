import { readFileSync } from 'node:fs';
import path from 'node:path';
import { startTimeOf } from '../../kit/process-identity.ts';
import { waitFor } from '../../kit/wait.ts';
import { unprivilegedRunner } from '../../lab/services/unprivileged.ts';
import type { TestMariadb } from '../../lab/testing/mariadb.ts';
import type { TestPostgres } from '../../lab/testing/postgres.ts';

/** A database server of a test as a `process` target: it can be signalled, and started again by a command. */
export interface DatabaseProcess extends AsyncDisposable {
  /** As it stands under `targets:` in andon.yaml. */
  target: { kind: 'process'; pid_file: string; start: string[]; drillable: true };
  /** The server's process now; undefined when it does not live. */
  pid(): number | undefined;
}

/** The server and, when the test that it belongs to has gone, its end. */
const guarded =
  '"$@" >/dev/null 2>&1 & server=$!; while [ -d /proc/$TEST ] && kill -0 $server; do sleep 0.5; done; kill -KILL $server';

/** The PostgreSQL of a test. Dispose it before the server itself. */
export async function postgresProcess(server: TestPostgres): Promise<DatabaseProcess> {
  const session = await server.session('test-setup');
  const { rows } = await session.query<{ data: string }>("SELECT current_setting('data_directory') AS data");
  await session.end();
  return processOf(path.join(rows[0]?.data ?? '', 'postmaster.pid'), 'SIGQUIT');
}

/** The MariaDB of a test. Dispose it before the server itself. */
export async function mariadbProcess(server: TestMariadb): Promise<DatabaseProcess> {
  const session = await server.session('test-setup');
  const [rows] = await session.query('SELECT @@pid_file AS file');
  await session.end();
  return processOf((rows as { file: string }[])[0]?.file ?? '', 'SIGKILL');
}

function processOf(pidFile: string, stopSignal: NodeJS.Signals): DatabaseProcess {
  const pid = () => {
    try {
      const found = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
      return startTimeOf(found) === undefined ? undefined : found;
    } catch {
      return undefined; // It has taken the file away.
    }
  };
  const command = readFileSync(`/proc/${pid()}/cmdline`, 'utf8').split('\0').slice(0, -1);
  const { prefix } = unprivilegedRunner(command[0] ?? '', { PATH: process.env.PATH ?? '' });
  const shell = ['sh', '-c', guarded.replace('$TEST', String(process.pid)), 'sh'];
  return {
    target: { kind: 'process', pid_file: pidFile, start: [...prefix, ...shell, ...command], drillable: true },
    pid,
    async [Symbol.asyncDispose]() {
      const last = pid();
      if (last === undefined) return;
      process.kill(last, stopSignal);
      await waitFor(() => pid() === undefined, { what: 'the end of the server', timeoutMs: 15_000 });
    },
  };
}
