import type { ScrapeRun } from '../../collector.ts';
import { rowsIfShown } from '../mysql-errors.ts';
import type { DatabaseSession } from '../session.ts';
import { ask } from './ask.ts';
import { type BlockerRow, type ProgramRow, programsQuery, type WaitsForRow } from './lock-queries.ts';
import { forWhom, type Waiting } from './who-waits.ts';

/** Who holds up the sessions of this database. */
export interface LockSituation {
  /** Sessions that hold others up and wait for nobody. */
  readonly roots: readonly { readonly application: string; readonly seconds: number }[];
  /** One session of the application `blocked` that waits for the application `blocker`. */
  readonly pairs: readonly { readonly session: number; readonly blocked: string; readonly blocker: string }[];
}

/** Asks the server some more, while somebody waits. */
export async function lockSituation(
  waiting: Waiting,
  session: DatabaseSession,
  run: ScrapeRun,
): Promise<LockSituation> {
  const here = new Set(waiting.sessions.filter((row) => row.is_here === 1).map((row) => row.session));
  if (here.size === 0) return { roots: [], pairs: [] };
  const waits = await forWhom(waiting, session, run);
  const isWaiting = new Set(waiting.sessions.map((row) => row.session));
  const rootIds = [...reachedFrom(here, waits)].filter((id) => !isWaiting.has(id));
  const roots = (
    rootIds.length === 0 ? [] : await ask<BlockerRow>(session, waiting.queries.blockers(rootIds), run)
  ).filter((row) => rootIds.includes(row.session));
  const known = [...waiting.sessions, ...roots];
  const ids = known.map((row) => row.session);
  const programs =
    waits.length === 0 ? [] : await rowsIfShown(() => ask<ProgramRow>(session, programsQuery(ids), run));
  const nameOf = namesOf(known, programs);
  return {
    roots: roots.map((row) => ({ application: nameOf(row.session), seconds: row.seconds })),
    pairs: waits
      .filter((wait) => here.has(wait.blocked))
      .map(({ blocked, blocker }) => ({
        session: blocked,
        blocked: nameOf(blocked),
        blocker: nameOf(blocker),
      })),
  };
}

/** Everybody whom these wait for, directly or behind others. */
function reachedFrom(sessions: ReadonlySet<number>, waits: readonly WaitsForRow[]): Set<number> {
  const next = Map.groupBy(waits, ({ blocked }) => blocked);
  const reached = new Set<number>();
  const toVisit = [...sessions];
  for (let one = toVisit.pop(); one !== undefined; one = toVisit.pop())
    for (const { blocker } of next.get(one) ?? []) {
      if (!reached.has(blocker)) toVisit.push(blocker);
      reached.add(blocker);
    }
  return reached;
}

/** What a session is called: by its program's name where the server keeps it, else `user@host`. */
function namesOf(rows: readonly BlockerRow[], programs: readonly ProgramRow[]): (session: number) => string {
  const users = rows.map(({ session, user, host }) => [session, `${user}@${withoutPort(host)}`] as const);
  const named = programs.flatMap(({ session, program }) => (program ? [[session, program] as const] : []));
  const names = new Map([...users, [0, 'prepared transaction'], ...named]);
  return (session) => (names.get(session) ?? 'unknown').replaceAll(changing, '#');
}

/** `10.1.2.3:51234` → `10.1.2.3`: each connection has a port of its own. */
const withoutPort = (host: string | null): string => (host ?? '').replace(/:\d+$/, '');

/** Parts of a name that are others in each process, and would make a series each: UUIDs and long numbers. */
const changing = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9]{4,}/gi;
