import { existsSync } from 'node:fs';
import { z } from 'zod';
import { NdjsonFile, readNdjson } from '../kit/ndjson.ts';
import { reportSchema } from './report/schema.ts';

const shape = reportSchema.shape;
const probeResult = shape.hypothesis.shape.before.element;
const time = z.iso.datetime({ precision: 3 });
const fault = { index: z.int(), kind: z.string(), target: z.string() };

/**
 * One thing that happened in a run. Times are the moment of the thing itself, not of the writing.
 * Unknown kinds of later versions are left out when an old version reads them.
 */
export const journalEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('run-started'),
    at: time,
    run: z.string(),
    version: z.string(),
    pid: z.int(),
    drill: z.looseObject({ id: z.string(), title: z.string(), cause: shape.run.shape.cause }),
    /** Milliseconds: the limits this run is judged by, resolved. */
    recoverWithinMs: z.number(),
    users: z.int(),
  }),
  z.object({ type: z.literal('note'), at: time, text: z.string() }),
  z.object({ type: z.literal('stage'), at: time, name: z.string(), plannedMs: z.number() }),
  z.object({
    type: z.literal('hypothesis'),
    at: time,
    phase: z.enum(['before', 'during', 'after']),
    results: z.array(probeResult),
  }),
  z.object({
    type: z.literal('fault-planned'),
    at: time,
    ...fault,
    effects: z.array(z.string()),
    affects: z.string().optional(),
  }),
  z.object({ type: z.literal('fault-injected'), at: time, ...fault }),
  z.object({ type: z.literal('fault-lifted'), at: time, ...fault, by: z.string(), touched: z.int() }),
  z.object({ type: z.literal('fault-residue'), at: time, ...fault, residue: z.array(z.string()) }),
  z.object({
    type: z.literal('alert'),
    at: time,
    alert: z.string(),
    tier: shape.alerts.element.shape.tier,
    transition: z.enum(['pending', 'firing', 'delivered', 'resolved']),
  }),
  z.object({ type: z.literal('alerts'), at: time, alerts: shape.alerts }),
  z.object({ type: z.literal('runbooks'), at: time, runbooks: shape.runbooks }),
  z.object({
    type: z.literal('proof'),
    at: time,
    runbook: z.string(),
    passed: z.boolean(),
    /** Whether the runbook service has it on record. */
    delivered: z.boolean(),
    text: z.string(),
  }),
  z.object({ type: z.literal('guardrail'), at: time, name: z.string(), value: z.number().nullable() }),
  z.object({ type: z.literal('recovery'), at: time, recovery: shape.recovery }),
  z.object({ type: z.literal('production'), at: time, production: shape.production }),
  z.object({ type: z.literal('load'), at: time, load: shape.load }),
  z.object({ type: z.literal('series'), at: time, series: shape.series }),
  z.object({ type: z.literal('error'), at: time, message: z.string(), mend: z.string().optional() }),
  z.object({
    type: z.literal('watchdog'),
    at: time,
    undone: z.array(z.string()),
    errors: z.array(z.string()),
  }),
  z.object({
    type: z.literal('run-finished'),
    at: time,
    verdict: shape.verdict,
    /** Why it did not pass; empty when it did. */
    reasons: z.array(z.string()),
  }),
]);

export type JournalEvent = z.infer<typeof journalEventSchema>;
export type EventOf<T extends JournalEvent['type']> = Extract<JournalEvent, { type: T }>;

/** The record of one run, written as it goes, so that a crash loses nothing that had happened. */
export class Journal implements Disposable {
  readonly events: JournalEvent[] = [];
  readonly #file: NdjsonFile;
  readonly #listener: (event: JournalEvent) => void;

  constructor(file: string, listener: (event: JournalEvent) => void = () => {}) {
    this.#file = new NdjsonFile(file);
    this.#listener = listener;
  }

  write(event: JournalEvent): void {
    this.#file.append(event);
    this.events.push(event);
    this.#listener(event);
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

/** The events of a journal file, oldest first. */
export function readJournal(file: string): JournalEvent[] {
  if (!existsSync(file)) return [];
  return readNdjson(file).flatMap((line) => {
    const event = journalEventSchema.safeParse(line);
    return event.success ? [event.data] : [];
  });
}

/** The last event of a kind. */
export function lastOf<T extends JournalEvent['type']>(
  events: readonly JournalEvent[],
  type: T,
): EventOf<T> | undefined {
  return events.findLast((event): event is EventOf<T> => event.type === type);
}

/** Every event of a kind. */
export function allOf<T extends JournalEvent['type']>(
  events: readonly JournalEvent[],
  type: T,
): EventOf<T>[] {
  return events.filter((event): event is EventOf<T> => event.type === type);
}
