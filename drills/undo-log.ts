import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { type Clock, isoTime } from '../kit/clock.ts';
import { writeAll } from '../kit/write-all.ts';
import { undoSchema } from './undo.ts';

const openLine = z.object({
  type: z.literal('open'),
  id: z.string(),
  run: z.string(),
  /** Kind of the fault: `db.lock`. */
  fault: z.string(),
  /** Name of its target in andon.yaml. */
  target: z.string(),
  undo: undoSchema,
  /** Which system the target was then; absent in logs of older versions and for what no target stands for. */
  identity: z.string().optional(),
  /** The andon.yaml in which the targets are found again, as an absolute path. */
  configFile: z.string(),
  at: z.iso.datetime({ precision: 3 }),
});

/** One undo that stands in the log. */
export type UndoEntry = Omit<z.infer<typeof openLine>, 'type'>;
/** What the caller says about an undo; the log adds id and time. */
export type NewUndo = Omit<UndoEntry, 'id' | 'at'>;

/** What a log says: what is still to be undone, oldest first, and what in it cannot be read. */
export interface UndoLogState {
  pending: UndoEntry[];
  problems: string[];
}

/**
 * The list of undos, on the disk before the fault is in. One JSON line per event, appended by any number of processes:
 * `open` before a fault, `done` after its undo, `failed` for an undo that has to be tried again.
 */
export class UndoLog {
  readonly file: string;
  readonly #clock: Clock;

  constructor(file: string, clock: Clock) {
    this.file = path.resolve(file);
    this.#clock = clock;
  }

  /** Writes an undo down and returns its id once it is on the disk. Only then may the fault be injected. */
  open(undo: NewUndo): string {
    const id = randomUUID();
    const entry: UndoEntry = { ...undo, configFile: path.resolve(undo.configFile), id, at: this.#now() };
    this.#append({ type: 'open', ...entry });
    return id;
  }

  /** The undo is carried out, by `runner`, `watchdog`, `clean`, … */
  done(id: string, by: string): void {
    this.#append({ type: 'done', id, by, at: this.#now() });
  }

  /** The undo was tried and failed: it stays pending. */
  failed(id: string, by: string, error: string): void {
    this.#append({ type: 'failed', id, by, at: this.#now(), error });
  }

  /** What is still to be undone, oldest first: of one run, or of all. */
  pending(run?: string): UndoEntry[] {
    return this.read().pending.filter((entry) => run === undefined || entry.run === run);
  }

  read(): UndoLogState {
    return existsSync(this.file)
      ? undoLogState(readFileSync(this.file, 'utf8'))
      : { pending: [], problems: [] };
  }

  #now(): string {
    return isoTime(this.#clock.now());
  }

  #append(line: object): void {
    const isNew = !existsSync(this.file);
    mkdirSync(path.dirname(this.file), { recursive: true });
    const fd = openSync(this.file, 'a', 0o600);
    try {
      // The newline in front ends a line that another process was killed in, or that a full disk cut short.
      writeAll(fd, `${isNew ? '' : '\n'}${JSON.stringify(line)}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (isNew) syncFolder(path.dirname(this.file));
  }
}

/** What the text of a log says. A line that is no JSON was cut short in the writing: it had not taken effect. */
export function undoLogState(text: string): UndoLogState {
  const open = new Map<string, unknown>();
  for (const line of text.split('\n')) {
    const event = parsed(line);
    if (event?.id === undefined) continue;
    if (event.type === 'open') open.set(event.id, event);
    if (event.type === 'done') open.delete(event.id);
  }
  const state: UndoLogState = { pending: [], problems: [] };
  for (const [id, event] of open) {
    const entry = openLine.safeParse(event);
    if (entry.success) {
      const { type: _, ...rest } = entry.data;
      state.pending.push(rest);
    } else
      state.problems.push(
        `undo ${id} is written in a form that this version cannot read: ${JSON.stringify(event)}`,
      );
  }
  return state;
}

const anyLine = z.looseObject({ type: z.string(), id: z.string() });

function parsed(line: string): z.infer<typeof anyLine> | undefined {
  try {
    return anyLine.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Makes a new file's name as durable as its content. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return; // Windows neither can nor needs to.
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
