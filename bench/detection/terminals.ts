import type pg from 'pg';
import { systemClock } from '../../kit/clock.ts';

/** An MES and who speaks to it. */
export interface MesAccess {
  readonly url: string;
  readonly token: string;
}

/** Longer than the MES may take: who hangs up earlier makes a failure of his own. */
const answerMs = 60_000;

/** Asks for a command on a work order that does not exist: it reads the tables and changes nothing. Never throws. */
async function askForCommand({ url, token }: MesAccess): Promise<void> {
  await fetch(`${url}/job-orders/detection/commands`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
      'idempotency-key': crypto.randomUUID(),
    },
    body: JSON.stringify({ command: 'qc_pass', expected_version: 1, device_ts: new Date().toISOString() }),
    signal: AbortSignal.timeout(answerMs),
  }).then(
    (response) => response.body?.cancel(),
    () => undefined,
  );
}

/** Terminals whose people do not wait for each other: so many operations a second, whatever becomes of them. */
export function steadyTerminals(mes: MesAccess, perSecond: number): Disposable {
  const timer = setInterval(() => void askForCommand(mes), 1000 / perSecond);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** One operation so often on the MES of the night: fewer than MesOperationsFailing looks at, enough for a budget. */
export const nightEveryMs = 8000;
/** A job that holds the table so long makes each operation wait longer than the objective of 1 s. */
const heldMs = 1500;

/** The MES of the night, with one terminal. While it is slow, a job holds the table of work orders whenever somebody asks. */
export class NightTerminal implements AsyncDisposable {
  isSlow = false;
  readonly #end = new AbortController();
  readonly #work: Promise<void>;

  constructor(mes: MesAccess, job: pg.Client) {
    this.#work = this.#run(mes, job);
  }

  async #run(mes: MesAccess, job: pg.Client): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      const rest = systemClock.sleep(nightEveryMs, signal).catch(() => {});
      if (this.isSlow) await job.query('BEGIN; LOCK TABLE work_orders IN ACCESS EXCLUSIVE MODE');
      const asked = askForCommand(mes);
      if (this.isSlow) {
        await systemClock.sleep(heldMs, signal).catch(() => {});
        await job.query('ROLLBACK');
      }
      await Promise.all([asked, rest]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#work.catch(() => {});
  }
}
