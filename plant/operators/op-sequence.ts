import { readNdjson } from '../../kit/ndjson.ts';

/** One line of an acknowledgement file: an operation that its reporter was told is safe. */
export interface Acknowledgement {
  op: string;
  source: string;
  line: string;
  seq: number;
  serial: string;
  at: string;
}

/** The last number that each source has used, from its line's acknowledgements: counting goes on after a restart. */
export function lastNumbers(file: string): Map<string, number> {
  const last = new Map<string, number>();
  for (const { source, seq } of readNdjson(file) as Acknowledgement[])
    last.set(source, Math.max(last.get(source) ?? 0, seq));
  return last;
}
