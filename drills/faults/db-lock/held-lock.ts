import type pg from 'pg';
import { messageOf } from '../../../kit/errors.ts';
import { connectPostgres } from '../../../kit/postgres.ts';
import type { Host, Injection, Plan } from '../../fault.ts';
import { keepLease } from '../../lease.ts';
import { lastingResidue } from '../../residue.ts';
import { BlockedSessions } from './blocked-sessions.ts';
import { goodbye } from './goodbye.ts';

/** SQLSTATE → who has ended the session (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const endedBy: Record<string, string> = {
  // admin_shutdown: pg_terminate_backend, which is what a runbook does.
  '57P01': 'runbook',
  // idle_in_transaction_session_timeout: the runner was frozen, and the server's lease has ended.
  '25P03': 'lease',
};

export interface HeldLockParts {
  plan: Plan;
  url: string;
  applicationName: string;
  /** The session that holds the lock, in its open transaction. */
  locker: pg.Client;
  lockerPid: number;
  /** The session that counts who waits for it. */
  counter: pg.Client;
  host: Host;
}

/** A table lock that is held, from the moment it was granted. */
export class HeldLock implements Injection {
  readonly liftedByOthers: Promise<string>;
  readonly #parts: HeldLockParts;
  readonly #lease: AsyncDisposable;
  readonly #blocked: BlockedSessions;
  #lifting: Promise<void> | undefined;

  constructor(parts: HeldLockParts) {
    this.#parts = parts;
    const { plan, locker, lockerPid, counter, host } = parts;
    let reason = 'server';
    let ended = false;
    const onError = (error: unknown) => {
      reason = endedBy[(error as { code?: string }).code ?? ''] ?? reason;
      if (!this.#lifting)
        host.log.debug({ target: plan.target, error: messageOf(error) }, 'trouble with a session of db.lock');
    };
    locker.on('error', onError);
    this.liftedByOthers = new Promise((resolve) => {
      locker.once('end', () => {
        ended = true;
        if (!this.#lifting) resolve(reason);
      });
    });
    this.#lease = keepLease({
      clock: host.clock,
      durationMs: plan.durationMs,
      // Any statement of the transaction sets its idle clock back to zero.
      renew: async () => !ended && (await locker.query('SELECT 1')) !== undefined,
      onError,
    });
    this.#blocked = new BlockedSessions(lockerPid, counter, host.clock, onError);
  }

  async touched(): Promise<number> {
    // What was counted so far stands where the server does not answer now.
    if (!this.#lifting) await this.#blocked.look().catch(() => {});
    return this.#blocked.count;
  }

  residue(): Promise<string[]> {
    const { plan, url, applicationName } = this.#parts;
    return lastingResidue(`the lock on ${plan.target}`, async () =>
      (await sessionsOf(url, applicationName)).map(
        (pid) => `session ${pid} of ${applicationName} is still there on ${plan.target}`,
      ),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#lifting ??= this.#lift();
    return this.#lifting;
  }

  /** The end of the session is the end of its transaction, and so of the lock. */
  async #lift(): Promise<void> {
    await goodbye(this.#parts.locker);
    await Promise.all([this.#lease[Symbol.asyncDispose](), goodbye(this.#parts.counter)]);
    await this.#blocked[Symbol.asyncDispose]();
  }
}

async function sessionsOf(url: string, applicationName: string): Promise<number[]> {
  const client = await connectPostgres({
    url,
    applicationName: 'andon-residue',
    statementTimeoutMs: 3000,
    lockTimeoutMs: 1000,
    queryTimeoutMs: 4000,
  });
  try {
    const { rows } = await client.query<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE application_name = $1',
      [applicationName],
    );
    return rows.map(({ pid }) => pid);
  } finally {
    await client.end();
  }
}
