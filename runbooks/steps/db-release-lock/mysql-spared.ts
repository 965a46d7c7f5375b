import type { TargetOf } from '../../../kit/targets.ts';
import type { NamedTarget } from '../../step.ts';
import { protectedBy } from './blocker.ts';
import type { MysqlAdmin } from './mysql-admin.ts';
import { type MysqlSession, programOf } from './mysql-sessions.ts';

/** Threads of the server itself, and those that feed or are fed by another server. */
const serversOwn = ['system user', 'event_scheduler'];
const replication = /^(?:Binlog Dump|Daemon|Slave|Replica|Register Slave)/i;

export interface Spared {
  /** Undefined when it may be ended. */
  reason: string | undefined;
  /** Undefined when the server does not tell. */
  program: string | null | undefined;
}

/** Why a session that blocks others must not be ended. */
export async function reasonToSpareOnMysql(
  admin: MysqlAdmin,
  session: MysqlSession,
  { name, target }: NamedTarget<TargetOf<'mysql'>>,
): Promise<Spared> {
  const program = await programOf(admin, { id: session.session, own: admin.own });
  const who = whoOnMysql(session, program);
  const { user, host, command } = session;
  const because = (reason: string | undefined): Spared => ({ reason, program });
  if (user === null || serversOwn.includes(user) || replication.test(command ?? ''))
    return because(`${who} blocks others and belongs to the server or its replication (${command})`);
  const rule = protectedBy(target.protect, [program ?? null, user, `${user}@${withoutPort(host)}`]);
  if (rule !== undefined) return because(`${who} blocks others and is protected by "${rule}" of ${name}`);
  // A rule without @ may mean the program, and then nobody can tell that it is not this one.
  const open = program === undefined ? target.protect.find((pattern) => !pattern.includes('@')) : undefined;
  if (open === undefined) return because(undefined);
  return because(
    `${who} blocks others, and this server does not say whether it is the program "${open}" that is protected: set performance_schema = ON, or protect by user@host`,
  );
}

/** The session, for people. */
export const whoOnMysql = ({ session, user, host }: MysqlSession, program?: string | null): string =>
  `session ${session} (${program ? `${program}, ` : ''}${user ?? 'unknown'}@${withoutPort(host)})`;

/** `10.1.2.3:51234` → `10.1.2.3`: each connection has a port of its own. */
const withoutPort = (host: string | null): string => (host ?? '').replace(/:\d+$/, '');
