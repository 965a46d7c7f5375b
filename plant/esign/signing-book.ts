import { createHash } from 'node:crypto';
import { Refusal } from '../refusal.ts';

/** So many signatures are remembered, the newest: more than a plant asks for in days. */
const remembered = 100_000;

/** One signature, as the service answers it. */
export interface Signature {
  id: string;
  signature: string;
  signed_at: string;
}

/** Who has had what signed. The same request again gets the same signature, and another one under its id is refused. */
export class SigningBook {
  /** Signatures that were given, each request counted once. */
  signed = 0;
  /** Requests that came again. */
  repeated = 0;
  readonly #book = new Map<string, { subject: string; signature: Signature }>();

  /** Signs, or finds the signature that was given; `isNew` says which. */
  sign(id: string, subject: string, at: string): { signature: Signature; isNew: boolean } {
    const earlier = this.#book.get(id);
    if (earlier && earlier.subject !== subject)
      throw new Refusal(409, 'other-subject', `${id} was signed for another subject`);
    if (earlier) {
      this.repeated++;
      return { signature: earlier.signature, isNew: false };
    }
    const digest = createHash('sha256').update(`${id}\n${subject}\n${at}`).digest('base64url');
    const signature = { id, signature: digest, signed_at: at };
    this.#book.set(id, { subject, signature });
    this.signed++;
    if (this.#book.size > remembered) this.#forgetOldest();
    return { signature, isNew: true };
  }

  #forgetOldest(): void {
    const [oldest] = this.#book.keys();
    if (oldest !== undefined) this.#book.delete(oldest);
  }
}
