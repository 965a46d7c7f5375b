import type { Clock } from '../../kit/clock.ts';
import type { Database, Statement } from '../database/database.ts';
import type { SparseLog } from '../sparse-log.ts';
import type { SignatureRequest, SignatureService } from './signatures.ts';

/** What the relay works with, and its times. */
export interface SignatureRelayParts {
  database: Database;
  service: SignatureService;
  clock: Clock;
  log: SparseLog;
  /** Between two rounds, be it after a failure or with nothing to do. */
  pauseMs: number;
  /** The promise: so often at least the service is known to have left nothing waiting. */
  intervalMs: number;
  /** Requests that are on their way at a time. */
  batch: number;
}

/**
 * signature_requests → e-signature service, until the signal ends it. Production never waits for this: what the service does not
 * take stays in the table and is offered again. What was signed and not noted is asked for again, and gets the same signature.
 */
export async function relaySignatures(parts: SignatureRelayParts, signal: AbortSignal): Promise<void> {
  const { clock, log, pauseMs } = parts;
  const relay = new SignatureRelay(parts);
  while (!signal.aborted) {
    let more = false;
    try {
      more = await relay.round(signal);
    } catch (error) {
      if (!signal.aborted) log.failure('signatures wait', error);
    }
    if (!more) await clock.sleep(pauseMs, signal).catch(() => {});
  }
}

class SignatureRelay {
  readonly #parts: SignatureRelayParts;
  #begun = false;
  #lastContact = Number.NEGATIVE_INFINITY;

  constructor(parts: SignatureRelayParts) {
    this.#parts = parts;
  }

  /** One batch; true when another waits behind it. With nothing waiting it asks now and then whether the service is there. */
  async round(signal: AbortSignal): Promise<boolean> {
    const { database, service, clock, batch, intervalMs } = this.#parts;
    if (!this.#begun) await this.#begin();
    const waiting = await database.run((session) => session.query<SignatureRequest>(pending, [batch]));
    if (waiting.length > 0) await this.#offer(waiting, signal);
    else if (clock.now() - this.#lastContact >= intervalMs / 2) await service.demandHealthy(signal);
    else return false;
    if (waiting.length === batch) return true;
    await database.run((session) => session.query(noteSuccess, [serviceName]));
    this.#lastContact = clock.now();
    return false;
  }

  /** Notes what was signed, whatever else fails; throws when anything did. */
  async #offer(waiting: readonly SignatureRequest[], signal: AbortSignal): Promise<void> {
    const { database, service } = this.#parts;
    const answers = await Promise.allSettled(waiting.map((request) => service.sign(request, signal)));
    const signed = waiting.flatMap(({ id }, index) => {
      const answer = answers[index];
      return answer?.status === 'fulfilled' ? [{ id, signature: answer.value }] : [];
    });
    if (signed.length > 0)
      await database.run((session) => session.query(noteSigned, [JSON.stringify(signed)]));
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (!failed) return;
    await database.run((session) => session.query(noteTried, [waiting.map(({ id }) => id)]));
    throw failed.reason;
  }

  /** From here on the service is expected to keep its interval: a service that never answers must be seen too. */
  async #begin(): Promise<void> {
    const { database, intervalMs } = this.#parts;
    await database.run((session) => session.query(begin, [serviceName, intervalMs / 1000]));
    this.#begun = true;
  }
}

const serviceName = 'esign';

const pending: Statement = {
  name: 'signatures-pending',
  // What was refused goes behind what was never offered: ten that are refused for good must not keep all others waiting.
  text: `SELECT id, subject FROM signature_requests WHERE signed_at IS NULL
ORDER BY tried_at NULLS FIRST, requested_at, id LIMIT $1`,
};

const noteTried: Statement = {
  name: 'signatures-tried',
  text: 'UPDATE signature_requests SET tried_at = now() WHERE id = ANY ($1) AND signed_at IS NULL',
};

const noteSigned: Statement = {
  name: 'signatures-signed',
  text: `
UPDATE signature_requests r SET signed_at = now(), signature = s.signature
FROM jsonb_to_recordset($1) AS s(id text, signature text) WHERE r.id = s.id AND r.signed_at IS NULL`,
};

const begin: Statement = {
  name: 'signatures-begin',
  text: `
INSERT INTO signature_contact (service, last_success_at, interval_seconds) VALUES ($1, now(), $2)
ON CONFLICT (service) DO UPDATE SET interval_seconds = excluded.interval_seconds`,
};

const noteSuccess: Statement = {
  name: 'signatures-success',
  text: 'UPDATE signature_contact SET last_success_at = now() WHERE service = $1',
};
