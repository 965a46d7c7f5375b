import { leaseMs } from '../../lease.ts';
import type { Undo } from '../../undo.ts';

/** A row as the driver gives it. */
export type Row = Record<string, unknown>;

/** What the server itself holds a session to, in milliseconds. MySQL knows whole seconds for most of them: they are rounded up. */
export interface SessionLimits {
  /** One statement. MySQL (not MariaDB) limits only those that read. */
  statementMs: number;
  /** One wait for a lock. While it lasts nobody notices that the runner has died: keep it below the lease. */
  lockMs: number;
  /** Silence inside and outside a transaction: then the server ends the session, and with it all that it holds. */
  idleMs: number;
}

/** A session of a drill that the server gives up by itself. */
export const leasedLimits: SessionLimits = { statementMs: 6000, lockMs: 5000, idleMs: leaseMs };

/** Who has ended a session that we wanted to keep. */
export type EndedBy = 'runbook' | 'lease' | 'server';

/** One session on the target, under the name of the run. Disposing says goodbye, with a limit, and is safe to repeat. */
export interface DrillSession extends AsyncDisposable {
  /** The process id of its backend (PostgreSQL), or the id of its connection (MySQL). */
  readonly id: number;
  /** Whether it has ended, by whomever. */
  readonly isOver: boolean;
  /** Resolves only if somebody else has ended it. */
  readonly endedByOthers: Promise<EndedBy>;
  /** The rows of one statement; `values` stand for `$1`… (PostgreSQL) or `?` (MySQL). */
  query<R extends object = Row>(text: string, values?: readonly unknown[]): Promise<R[]>;
}

/** The sessions of one run on one database, whichever server that is. Making it touches nothing. */
export interface DrillEngine {
  readonly kind: 'postgres' | 'mysql';
  /** Host, port and database, without the password. */
  readonly address: string;
  /** What every session of the run is called: see runName(). */
  readonly applicationName: string;
  /** What ends every session of the run, as data. */
  readonly undo: Undo;
  /** One more session. Throws UnavailableError when the server refuses it, or when all seats are taken. */
  open(limits: SessionLimits): Promise<DrillSession>;
  /** A session that belongs to no run, for questions: its end is the caller's matter. */
  ask(): Promise<DrillSession>;
  /** The ids of the sessions of the run that are there now, asked over a session of its own. */
  ownSessions(): Promise<number[]>;
}
