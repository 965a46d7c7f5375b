import path from 'node:path';
import { NdjsonFile } from '../../kit/ndjson.ts';
import type { ProcessContext, RunningProcess } from '../run-process.ts';
import type { OperatorsSettings } from '../settings.ts';
import { SparseLog } from '../sparse-log.ts';
import { serveStatus } from '../status-server.ts';
import { lead } from './leader.ts';
import { lastNumbers } from './op-sequence.ts';
import { operate } from './operator.ts';

/** Starts the people of the plant: an operator at each work unit, and a leader for each line. */
export async function startOperators(
  settings: OperatorsSettings,
  { log, clock }: ProcessContext,
): Promise<RunningProcess> {
  const people = new People(settings, { log: new SparseLog(log, clock), clock });
  await using stack = new AsyncDisposableStack();
  stack.use(people);
  for (const line of settings.lines) people.man(line);
  const server = stack.use(await serveStatus(() => ({ acknowledged: people.acknowledged }), settings.listen));
  log.info({ url: server.url }, 'the operators are at work');
  const owned = stack.move();
  return { url: server.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

class People implements AsyncDisposable {
  /** How many reports were acknowledged since the start, by line. */
  readonly acknowledged: Record<string, number> = {};
  readonly #settings: OperatorsSettings;
  readonly #context: { log: SparseLog; clock: ProcessContext['clock'] };
  readonly #end = new AbortController();
  readonly #stamp: string;
  readonly #files: NdjsonFile[] = [];
  readonly #atWork: Promise<void>[] = [];

  constructor(settings: OperatorsSettings, context: { log: SparseLog; clock: ProcessContext['clock'] }) {
    this.#settings = settings;
    this.#context = context;
    this.#stamp = context.clock.now().toString(36);
  }

  /** Puts an operator at each unit of a line, and a leader over them. */
  man({ line, gateway, token }: OperatorsSettings['lines'][number]): void {
    const { acknowledgements, cycle_ms: cycleMs, job_poll_ms: pollMs, leader } = this.#settings;
    const { log, clock } = this.#context;
    const requestTimeoutMs = this.#settings.request_timeout_ms;
    const { signal } = this.#end;
    const name = path.join(acknowledgements, `${line.id}.ndjson`);
    const numbers = lastNumbers(name);
    // Against the death of a process a write is enough; an fsync for each piece would only slow the plant's disk.
    const file = new NdjsonFile(name, { durable: false });
    this.#files.push(file);
    this.acknowledged[line.id] = 0;
    const parts = {
      line: line.id,
      gateway: { url: gateway, token },
      clock,
      log,
      cycleMs,
      pollMs,
      requestTimeoutMs,
      signal,
    };
    line.units.forEach(({ id: unit }, place) => {
      const operator = {
        ...parts,
        unit,
        stamp: this.#stamp,
        lastSeq: numbers.get(unit) ?? 0,
        onAcknowledged: (acknowledgement: object) => {
          file.append(acknowledgement);
          this.acknowledged[line.id] = (this.acknowledged[line.id] ?? 0) + 1;
        },
      };
      // Spread over the cycle, so that the plant's load is even.
      const delayMs = (cycleMs * place) / line.units.length;
      this.#send(async () => {
        await clock.sleep(delayMs, signal);
        await operate(operator);
      });
    });
    const everyMs = this.#settings.quality_interval_ms;
    this.#send(() => lead({ line: line.id, mes: leader, clock, log, everyMs, requestTimeoutMs, signal }));
  }

  #send(work: () => Promise<void>): void {
    this.#atWork.push(
      work().catch((error: unknown) => {
        if (!this.#end.signal.aborted) throw error;
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort(new Error('the shift ends'));
    await Promise.all(this.#atWork);
    for (const file of this.#files) file[Symbol.dispose]();
  }
}
