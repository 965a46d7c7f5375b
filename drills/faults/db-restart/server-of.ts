import { existsSync, readFileSync } from 'node:fs';
import { UnavailableError, UsageError } from '../../../kit/errors.ts';
import { processInfo } from '../../../kit/process/process-table.ts';
import type { Targets } from '../../../kit/targets.ts';
import type { NamedTarget } from '../../fault.ts';
import { adminUrl } from '../../undos/end-sessions.ts';
import { isOnThisComputer } from '../../undos/gone.ts';
import type { DrillSession } from '../db/drill-session.ts';

/** The name of the target that runs a database's server; throws UsageError when the database names none. */
export function serverName({ name, target }: NamedTarget): string {
  if ((target.kind === 'postgres' || target.kind === 'mysql') && target.server !== undefined)
    return target.server;
  throw new UsageError('db-restart.no-server', `target "${name}" does not say what runs its server`, {
    mend: `Add under targets: ${name}: in andon.yaml  server: NAME  of a target with kind: process or kind: container`,
  });
}

/** That target itself, if drills may break it too. */
export function serverOf(database: NamedTarget, targets: Targets): NamedTarget {
  const name = serverName(database);
  const target = targets[name];
  if (!target)
    throw new UsageError('target.unknown', `no target is called "${name}", the server of ${database.name}`, {
      mend: 'Add it under targets: in andon.yaml',
    });
  if (!target.drillable)
    throw new UsageError(
      'db-restart.not-drillable',
      `"${name}", the server of ${database.name}, is not drillable`,
      {
        mend: `Say drillable: true under targets: ${name}: in andon.yaml`,
      },
    );
  if (target.production && !database.target.production)
    throw new UsageError('db-restart.production', `"${name}" is production, and ${database.name} is not`, {
      mend: `Say production: true under targets: ${database.name}: too, so that it has to be confirmed`,
    });
  return { name, target };
}

/** Where both are on this computer: refuses a process that is not the one that serves this session. */
export async function demandThatServes(
  session: DrillSession,
  database: NamedTarget,
  server: NamedTarget,
  pid: number,
): Promise<void> {
  const { target } = database;
  if (target.kind !== 'postgres' && target.kind !== 'mysql') return;
  if (server.target.kind !== 'process' || !isOnThisComputer(adminUrl(target))) return;
  const serving = target.kind === 'postgres' ? postmasterOf(session) : await mysqlPid(session);
  if (serving === undefined || serving === pid) return;
  throw new UnavailableError(
    'db-restart.other-server',
    `${database.name} is served by process ${serving}, and ${server.name} is process ${pid}`,
    {
      mend: `Correct the pid_file or unit of ${server.name}, or server: of ${database.name}, in andon.yaml.`,
    },
  );
}

/** Every backend is a child of the postmaster. */
const postmasterOf = ({ id }: DrillSession): number | undefined => processInfo(id)?.parent;

async function mysqlPid(session: DrillSession): Promise<number | undefined> {
  const [row] = await session.query<{ file: string }>('SELECT @@pid_file AS file');
  if (!row || !existsSync(row.file)) return undefined;
  return Number(readFileSync(row.file, 'utf8').trim()) || undefined;
}
