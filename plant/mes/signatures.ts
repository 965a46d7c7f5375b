import { z } from 'zod';
import { callMes } from '../mes-client.ts';

/** The tables of signatures: what waits for one, and when the service was last known to have left nothing waiting. */
export const signatureTables = `
CREATE TABLE IF NOT EXISTS signature_requests (
  id text PRIMARY KEY, work_order_id text NOT NULL, subject jsonb NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT now(), signed_at timestamptz, signature text
);
ALTER TABLE signature_requests ADD COLUMN IF NOT EXISTS tried_at timestamptz;
CREATE INDEX IF NOT EXISTS signature_requests_pending ON signature_requests (requested_at) WHERE signed_at IS NULL;

CREATE TABLE IF NOT EXISTS signature_contact (
  service text PRIMARY KEY, last_success_at timestamptz NOT NULL, interval_seconds double precision NOT NULL
) WITH (fillfactor = 50);
`;

/** One quality release that somebody must sign. The id is its own for good: the service signs each once. */
export interface SignatureRequest {
  [column: string]: unknown;
  id: string;
  subject: object;
}

/** Gets a signature from the service, or throws. */
export type Sign = (request: SignatureRequest, signal: AbortSignal) => Promise<string>;

const answerSchema = z.object({ id: z.string(), signature: z.string().min(1) });

/** The e-signature service as the MES sees it: each call has its time limit, and only an answer of the right form counts. */
export class SignatureService {
  readonly #url: string;
  readonly #timeoutMs: number;

  constructor(url: string, timeoutMs: number) {
    this.#url = url;
    this.#timeoutMs = timeoutMs;
  }

  readonly sign: Sign = async ({ id, subject }, signal) => {
    const answer = answerSchema.parse(await this.#ask('POST', '/signatures', signal, { id, subject }));
    if (answer.id !== id) throw new Error(`asked for ${id}, the service signed ${answer.id}`);
    return answer.signature;
  };

  /** Throws when the service does not say that it is well. */
  async demandHealthy(signal: AbortSignal): Promise<void> {
    z.object({ healthy: z.literal(true) }).parse(await this.#ask('GET', '/-/healthy', signal));
  }

  async #ask(method: 'GET' | 'POST', path: string, signal: AbortSignal, body?: object): Promise<unknown> {
    const call = { method, path, timeoutMs: this.#timeoutMs, signal, ...(body && { body }) };
    // It asks for no token: who may call it is settled by the line to it.
    const answer = await callMes({ url: this.#url, token: 'none' }, call);
    if (answer.status < 300) return answer.body;
    throw new Error(`${method} ${path} of the e-signature service answered ${answer.status}`);
  }
}
