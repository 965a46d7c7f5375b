import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
} from 'node:fs';
import { type Clock, isoTime } from '../../kit/clock.ts';
import { UnavailableError } from '../../kit/errors.ts';
import { writeAll } from '../../kit/write-all.ts';
import { type AuditEntry, type ChainHead, checkLine, emptyChain, nextEntry } from './audit-chain.ts';
import { AuditHead, type AuditPosition, headFile } from './audit-head.ts';

/**
 * Who did what and when: one JSON line each, every line carrying the hash of the one before it. A line is on the disk
 * before `append` returns, and nothing is done that could not be written here first.
 */
export class AuditLog implements Disposable {
  readonly file: string;
  readonly #clock: Clock;
  readonly #head: AuditHead;
  readonly #fd: number;

  constructor(file: string, clock: Clock) {
    this.file = file;
    this.#clock = clock;
    this.#head = new AuditHead(file);
    this.#fd = openSync(file, 'a+', 0o600);
  }

  /** Throws when the file is not as it was left: an audit log that was tampered with is not written on. */
  append(event: string, data: Record<string, unknown>): void {
    this.appendAll([{ event, data }]);
  }

  /** Lines that belong together: all are on the disk on return, for the price of one. */
  appendAll(events: readonly Pick<AuditEntry, 'event' | 'data'>[]): void {
    if (events.length === 0) return;
    this.#head.advance((left) => {
      const before = this.#adoptUnfinished(left);
      let position = before;
      const at = isoTime(this.#clock.now());
      const lines = events.map(({ event, data }) => {
        const entry = nextEntry(position, { at, event, data });
        const line = `${JSON.stringify(entry)}\n`;
        position = { seq: entry.seq, hash: entry.hash, bytes: position.bytes + Buffer.byteLength(line) };
        return line;
      });
      this.#write(lines.join(''), before.bytes);
      return position;
    });
  }

  /** All of it or, where the disk is full, nothing. */
  #write(text: string, endBefore: number): void {
    try {
      writeAll(this.#fd, text);
      fsyncSync(this.#fd);
    } catch (error) {
      ftruncateSync(this.#fd, endBefore);
      throw error;
    }
  }

  /**
   * A crash between writing lines and noting them leaves more lines than noted, after a power cut those of several appends; and the
   * beginning of one. They were acknowledged, or may have been: what follows the chain stays.
   */
  #adoptUnfinished(left: AuditPosition): AuditPosition {
    const extra = fstatSync(this.#fd).size - left.bytes;
    if (extra === 0) return left;
    if (extra < 0) throw broken(this.file, `${-extra} bytes are missing at its end`);
    const buffer = Buffer.alloc(extra);
    readSync(this.#fd, buffer, 0, extra, left.bytes);
    const whole = buffer.subarray(0, buffer.lastIndexOf(0x0a) + 1);
    const entries = this.#follow(left, whole.toString('utf8').split('\n').slice(0, -1));
    if (whole.length < extra) ftruncateSync(this.#fd, left.bytes + whole.length);
    const { seq, hash } = entries.at(-1) ?? left;
    return { seq, hash, bytes: left.bytes + whole.length };
  }

  #follow(left: ChainHead, lines: readonly string[]): AuditEntry[] {
    const entries: AuditEntry[] = [];
    for (const line of lines) {
      const before = entries.at(-1) ?? left;
      const entry = checkLine(before, line);
      if ('problem' in entry) throw broken(this.file, `line ${before.seq + 1} ${entry.problem}`);
      entries.push(entry);
    }
    return entries;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
    this.#head[Symbol.dispose]();
  }
}

const broken = (file: string, what: string): UnavailableError =>
  new UnavailableError('runbook.audit-broken', `the audit log ${file} was changed from outside: ${what}`, {
    mend: `Find out who did; then move ${file} and ${headFile(file)}* away together, and a new log begins.`,
  });

export type AuditVerdict =
  | { ok: true; entries: number; head: string }
  | { ok: false; line: number; problem: string };

/** Follows the chain from its first line to its last. */
export function verifyAudit(file: string): AuditVerdict {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [''];
  // What a crash cut short ends without a newline; it was never acknowledged.
  lines.pop();
  const entries: AuditEntry[] = [];
  for (const [index, line] of lines.entries()) {
    const entry = checkLine(entries.at(-1) ?? emptyChain, line);
    if ('problem' in entry)
      return { ok: false, line: index + 1, problem: `line ${index + 1} ${entry.problem}` };
    entries.push(entry);
  }
  const last = entries.at(-1) ?? emptyChain;
  const problem = compareWithHead(file, entries);
  if (problem) return { ok: false, line: last.seq, problem };
  return { ok: true, entries: last.seq, head: last.hash };
}

function compareWithHead(file: string, entries: readonly AuditEntry[]): string | undefined {
  const last = entries.at(-1) ?? emptyChain;
  if (!existsSync(headFile(file)))
    return last.seq === 0 ? undefined : `${headFile(file)}, which says where the log ends, is missing`;
  using head = new AuditHead(file);
  const noted = head.get();
  if (last.seq < noted.seq) return `${noted.seq - last.seq} lines are missing at its end`;
  const { hash } = entries[noted.seq - 1] ?? emptyChain;
  return hash === noted.hash ? undefined : 'it is another log than the one that was noted';
}
