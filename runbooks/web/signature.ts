import { createHmac } from 'node:crypto';
import { isSame } from '../store/sessions.ts';

/** The header in which a program signs what it sends: `t=<Unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`. */
export const signatureHeader = 'x-andon-signature';

/** A clock may differ by so much, and so long a signature could be sent again if it were not remembered. */
const toleranceMs = 5 * 60_000;
/** A clock that is set back must not bring a forgotten signature back to life. */
const rememberMs = toleranceMs + 3_600_000;

export type SignatureVerdict = { signature: string; expiresAt: number } | { problem: string };

/** Whether the header signs these bytes with the secret, now. */
export function checkSignature(
  header: string,
  body: Buffer,
  secret: string | undefined,
  now: number,
): SignatureVerdict {
  if (secret === undefined)
    return { problem: 'signatures are not accepted: runbooks.hmac_secret is not set' };
  const { seconds, given } = /^t=(?<seconds>\d{1,12}),v1=(?<given>[0-9a-f]{64})$/.exec(header)?.groups ?? {};
  if (seconds === undefined || given === undefined)
    return { problem: 'the signature must be written as t=<seconds>,v1=<64 hex digits>' };
  if (!isSame(given, signatureOf(body, secret, seconds))) return { problem: 'the signature is wrong' };
  const at = Number(seconds) * 1000;
  if (Math.abs(now - at) > toleranceMs) return { problem: 'the signature is not of this time' };
  return { signature: given, expiresAt: at + rememberMs };
}

/** The v1 part of the header. */
export const signatureOf = (body: Buffer | string, secret: string, seconds: number | string): string =>
  createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex');
