import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { readNdjson } from '../../kit/ndjson.ts';

/** What a client was told: this operation is safe with us. The ledger does not care who wrote it. */
export const acknowledgementSchema = z.object({
  op: z.string(),
  source: z.string(),
  line: z.string(),
  seq: z.number(),
  serial: z.string().optional(),
  at: z.iso.datetime({ precision: 3 }),
});

export interface Acknowledgement extends Omit<z.infer<typeof acknowledgementSchema>, 'at'> {
  /** Unix milliseconds. */
  at: number;
}

/** All acknowledgements below the folders that were given in [fromMs, toMs], oldest first. */
export function readAcknowledgements(
  folders: readonly string[],
  fromMs: number,
  toMs: number,
): Acknowledgement[] {
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => path.join(folder, name)))
    .filter((file) => file.endsWith('.ndjson'))
    .flatMap((file) => readNdjson(file))
    .map((line) => acknowledgementSchema.parse(line))
    .map((ack) => ({ ...ack, at: Date.parse(ack.at) }))
    .filter((ack) => ack.at >= fromMs && ack.at <= toMs)
    .toSorted((a, b) => a.at - b.at);
}
