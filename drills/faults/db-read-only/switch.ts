import type { Undo } from '../../undo.ts';
import type { DrillSession } from '../db/drill-session.ts';

/** How one kind of server is made read-only, and what can be known of that. */
export interface ReadOnlySwitch {
  /** What is done, and whom it does not bind, in sentences. */
  effects: readonly string[];
  undo(target: string): Undo;
  /** Throws UnavailableError where it may not or must not be switched. Touches nothing. */
  demand(session: DrillSession, target: string): Promise<void>;
  /** Asks the server to let nobody write. */
  turnOn(session: DrillSession): Promise<void>;
  /** Whether the server as a whole is read-only, as that session sees it. */
  isOn(session: DrillSession): Promise<boolean>;
  /** Notes how things are while the server may still be written to. */
  witness(session: DrillSession): Promise<Witness>;
}

/** Counts what was refused: sessions or statements, as the server lets us know. */
export interface Witness {
  /** Looks once more; returns how many have been refused since the first look. */
  look(session: DrillSession): Promise<number>;
}
