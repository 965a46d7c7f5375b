import { z } from 'zod';
import type { Targets } from '../kit/targets.ts';
import { containerHeal } from './undos/container-heal.ts';
import { deleteMarkedLogs } from './undos/delete-marked-logs.ts';
import { endMarked } from './undos/end-marked.ts';
import { endMysqlSessions } from './undos/end-mysql-sessions.ts';
import { endSessions } from './undos/end-sessions.ts';
import { mysqlWritable } from './undos/mysql-writable.ts';
import { nftablesDeleteTable } from './undos/nftables-delete-table.ts';
import { postgresWritable } from './undos/postgres-writable.ts';
import { closeConnections } from './undos/queue-close-connections.ts';
import { drainMarked } from './undos/queue-drain-marked.ts';
import { openDoor } from './undos/queue-open-door.ts';
import { restoreReading } from './undos/queue-restore-reading.ts';
import { releaseHold } from './undos/release-hold.ts';
import { restoreHttpLink } from './undos/restore-http-link.ts';
import { restoreLink } from './undos/restore-link.ts';
import { restoreRows } from './undos/restore-rows.ts';
import { resumeProcess } from './undos/resume-process.ts';
import type { Reverter, UndoData, UndoDeps } from './undos/reverter.ts';
import { startProcess } from './undos/start-process.ts';
import { toxiproxyHeal } from './undos/toxiproxy-heal.ts';
import { unsilenceDevice } from './undos/unsilence-device.ts';
import { withdrawRelease } from './undos/withdraw-release.ts';

/** Every kind of undo there is. A new one is one file in `undos/` and one line here. */
const reverters = [
  closeConnections,
  containerHeal,
  deleteMarkedLogs,
  drainMarked,
  endMarked,
  endMysqlSessions,
  endSessions,
  mysqlWritable,
  nftablesDeleteTable,
  openDoor,
  postgresWritable,
  releaseHold,
  restoreHttpLink,
  restoreLink,
  restoreReading,
  restoreRows,
  resumeProcess,
  startProcess,
  toxiproxyHeal,
  unsilenceDevice,
  withdrawRelease,
] as const;

/**
 * An undo is data, so that another process can carry it out after the one that broke something is dead.
 * It names targets of andon.yaml and never holds a secret.
 */
export const undoSchema = z.union(reverters.map(({ schema }) => schema));

export type Undo = z.output<(typeof reverters)[number]['schema']>;

/** Carries an undo out and sees that it is done; safe to repeat. */
export const revert = (undo: Undo, deps: UndoDeps, signal: AbortSignal): Promise<void> =>
  reverterOf(undo).revert(undo, deps, signal);

/** The same as a line that a person can follow. */
export const byHand = (undo: Undo, targets: Targets): string => reverterOf(undo).byHand(undo, targets);

function reverterOf(undo: UndoData): Reverter {
  const found = (reverters as readonly Reverter[]).find(({ schema }) => schema.safeParse(undo).success);
  if (!found) throw new TypeError(`no undo is called ${undo.kind}`);
  return found;
}
