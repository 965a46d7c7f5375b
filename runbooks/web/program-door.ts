import express, { type NextFunction, type Request, type Response } from 'express';
import { carriesToken } from '../../kit/bearer.ts';
import type { Admit } from '../engine/engine.ts';
import type { Refusals } from './refusals.ts';
import { checkSignature, signatureHeader } from './signature.ts';
import type { WebDeps } from './web-deps.ts';

/** Alertmanager cuts its groups long before this; a body beyond it is no notification. */
const bodyLimit = '1mb';

/**
 * Lets programs in: with the bearer token or, where they bring something (`signed`), with a signature of it. A signature that is
 * there must be right, whatever the token says. Behind it `request.body` is the JSON that was sent.
 */
export function programDoor(deps: WebDeps, refusals: Refusals, { signed }: { signed: boolean }) {
  const hasToken = (request: Request) => carriesToken(request.headers.authorization, deps.config.token);
  const before = (request: Request, response: Response, next: NextFunction) => {
    // Whoever shows neither is turned away before a byte of the body is read.
    if (hasToken(request) || (signed && request.headers[signatureHeader] !== undefined)) return next();
    refuse(refusals, request, response, 'the bearer token is missing or wrong');
  };
  // Whatever the sender calls it; and nothing is unpacked, for a small body can unpack to a huge one.
  const raw = express.raw({ limit: bodyLimit, type: () => true, inflate: false });
  const after = (request: Request, response: Response, next: NextFunction) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const admission = admissionOf(deps, request, body);
    if ('problem' in admission) return refuse(refusals, request, response, admission.problem);
    response.locals.admit = admission.admit;
    request.body = body.length === 0 ? undefined : JSON.parse(body.toString('utf8'));
    next();
  };
  return [before, raw, after];
}

/** To be asked in the transaction that stores what was sent; false when its signature was used before. */
export const admitOf = (response: Response): Admit => response.locals.admit as Admit;

/** Why a signature that is right is refused all the same. */
export const replayed = 'this signature was used before';

export function refuse(refusals: Refusals, request: Request, response: Response, reason: string): void {
  refusals.note(request, reason);
  response.status(401).set({ 'WWW-Authenticate': 'Bearer', Connection: 'close' }).json({ error: reason });
}

function admissionOf(
  { config, store, clock }: WebDeps,
  request: Request,
  body: Buffer,
): { admit: Admit } | { problem: string } {
  const header = request.headers[signatureHeader];
  if (header === undefined) return { admit: () => true };
  const verdict = checkSignature(String(header), body, config.hmac_secret, clock.now());
  if ('problem' in verdict) return verdict;
  const { signature, expiresAt } = verdict;
  return { admit: () => store.signatures.use(signature, expiresAt, clock.now()) };
}
