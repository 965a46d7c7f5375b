import type pg from 'pg';

/** It says that it runs so often, and runs more often. */
export const syncIntervalMs = 3000;
const everyMs = 1000;

/** A synchronisation of MES and ERP that writes down when it last succeeded. */
export class SyncJob implements AsyncDisposable {
  readonly #session: pg.Client;
  #timer: NodeJS.Timeout | undefined;

  constructor(session: pg.Client) {
    this.#session = session;
    this.start();
  }

  start(): void {
    this.#timer = setInterval(() => void this.#run().catch(() => {}), everyMs);
  }

  /** Returns its last success, Unix milliseconds. */
  async stop(): Promise<number> {
    clearInterval(this.#timer);
    return await this.#run();
  }

  async #run(): Promise<number> {
    const sql = 'UPDATE detection_sync SET last_success = now() RETURNING last_success AS at';
    const { rows } = await this.#session.query<{ at: Date }>(sql);
    return rows[0]?.at.getTime() ?? Date.now();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#session.end();
  }
}
