import { z } from 'zod';
import { readNdjson } from '../kit/ndjson.ts';

/** One request of a virtual user, as `requests.ndjson` holds it. */
export const requestRecordSchema = z.strictObject({
  /** When it was sent. */
  at: z.iso.datetime({ precision: 3 }),
  /** request, dispatch, start, resume, report, complete or list. */
  name: z.string(),
  /** What the user waited, in milliseconds. */
  ms: z.number(),
  /** The HTTP status; 0 when there was no answer. */
  status: z.int(),
  /** Virtual users at work at that moment. */
  users: z.int(),
});

export type RequestRecord = z.infer<typeof requestRecordSchema>;

/** The recorded requests of a load, oldest first; none when there is no such file. */
export function readRequests(file: string): RequestRecord[] {
  return readNdjson(file)
    .map((line) => requestRecordSchema.parse(line))
    .toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** No answer, an answer that is no success, or a refusal other than "somebody was first" (409). */
export const isError = ({ status }: RequestRecord): boolean =>
  (status < 200 || status >= 300) && status !== 409;
