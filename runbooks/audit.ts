import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { type Clock, isoTime } from '../kit/clock.ts';
import { UnavailableError } from '../kit/errors.ts';
import { type ChainHead, checkLine, emptyChain, nextEntry } from './audit-chain.ts';
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
    this.#head.advance((left) => {
      const position = this.#adoptUnfinished(left);
      const entry = nextEntry(position, { at: isoTime(this.#clock.now()), event, data });
      const line = Buffer.from(`${JSON.stringify(entry)}\n`);
      writeSync(this.#fd, line);
      fsyncSync(this.#fd);
      return { seq: entry.seq, hash: entry.hash, bytes: position.bytes + line.length };
    });
  }

  /** A crash between writing a line and noting it leaves one line more than noted, or the beginning of one. */
  #adoptUnfinished(left: AuditPosition): AuditPosition {
    const extra = fstatSync(this.#fd).size - left.bytes;
    if (extra === 0) return left;
    if (extra < 0) throw broken(this.file, `${-extra} bytes are missing at its end`);
    const buffer = Buffer.alloc(extra);
    readSync(this.#fd, buffer, 0, extra, left.bytes);
    const text = buffer.toString('utf8');
    if (!text.includes('\n')) {
      ftruncateSync(this.#fd, left.bytes);
      return left;
    }
    const entry = checkLine(left, text.slice(0, -1));
    if ('problem' in entry) throw broken(this.file, `line ${left.seq + 1} ${entry.problem}`);
    return { seq: entry.seq, hash: entry.hash, bytes: left.bytes + extra };
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
  const heads: ChainHead[] = [emptyChain];
  for (const [index, line] of lines.entries()) {
    const entry = checkLine(heads.at(-1) ?? emptyChain, line);
    if ('problem' in entry)
      return { ok: false, line: index + 1, problem: `line ${index + 1} ${entry.problem}` };
    heads.push(entry);
  }
  const last = heads.at(-1) ?? emptyChain;
  const problem = compareWithHead(file, heads);
  if (problem) return { ok: false, line: last.seq, problem };
  return { ok: true, entries: last.seq, head: last.hash };
}

function compareWithHead(file: string, heads: readonly ChainHead[]): string | undefined {
  const last = heads.at(-1) ?? emptyChain;
  if (!existsSync(headFile(file)))
    return last.seq === 0 ? undefined : `${headFile(file)}, which says where the log ends, is missing`;
  using head = new AuditHead(file);
  const noted = head.get();
  if (heads[noted.seq]?.hash === noted.hash && last.seq - noted.seq <= 1) return undefined;
  return last.seq < noted.seq
    ? `${noted.seq - last.seq} lines are missing at its end`
    : 'it was written on by something else';
}
