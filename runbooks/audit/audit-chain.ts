import { createHash } from 'node:crypto';
import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** One line of the audit log. `hash` covers all the rest, `previous` is the hash of the line before. */
export const auditEntry = z.strictObject({
  seq: z.int().min(1),
  at: z.iso.datetime(),
  event: z.string(),
  data: z.record(z.string(), z.unknown()),
  previous: sha256,
  hash: sha256,
});
export type AuditEntry = z.output<typeof auditEntry>;

/** Where the chain stands: the number and hash of its last line. */
export interface ChainHead {
  seq: number;
  hash: string;
}

export const emptyChain: ChainHead = { seq: 0, hash: '0'.repeat(64) };

/** The line that follows `head`. */
export function nextEntry(head: ChainHead, entry: Pick<AuditEntry, 'at' | 'event' | 'data'>): AuditEntry {
  // Through JSON and back, so that what is hashed is what will be read.
  const data = JSON.parse(JSON.stringify(entry.data)) as Record<string, unknown>;
  const rest = { seq: head.seq + 1, at: entry.at, event: entry.event, data, previous: head.hash };
  return { ...rest, hash: hashOf(rest) };
}

/** The line as an entry that follows `head`, or what is wrong with it. */
export function checkLine(head: ChainHead, line: string): AuditEntry | { problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { problem: 'is no JSON' };
  }
  const parsed = auditEntry.safeParse(value);
  if (!parsed.success) return { problem: 'is no audit entry' };
  const { hash, ...rest } = value as AuditEntry;
  if (rest.seq !== head.seq + 1) return { problem: `has number ${rest.seq} where ${head.seq + 1} belongs` };
  if (rest.previous !== head.hash) return { problem: 'does not follow the line before it' };
  // The text itself, because JSON has many spellings of one value (a key written twice, for one).
  if (hashOf(rest) !== hash || JSON.stringify(value) !== line)
    return { problem: 'was changed after it was written' };
  return parsed.data;
}

const hashOf = (rest: Omit<AuditEntry, 'hash'>): string =>
  createHash('sha256').update(JSON.stringify(rest)).digest('hex');
