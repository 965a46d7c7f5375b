import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { isoTime } from '../../kit/clock.ts';
import type { WebDeps } from './web-deps.ts';

type HoldDeps = Pick<WebDeps, 'store' | 'audit' | 'clock'>;

const longestHoldMs = 24 * 3_600_000;

const holdBody = z.strictObject({
  holder: z.string().min(1).max(200),
  leaseMs: z.int().min(1).max(longestHoldMs),
});

/** The kill switch, as leases that programs take and give back. */
export function holdRoutes(deps: HoldDeps): Router {
  const router = Router();
  router.put('/hold', (request, response) => putHold(deps, request, response));
  router.delete('/hold', (request, response) => releaseHold(deps, request, response));
  return router;
}

function putHold({ store, audit, clock }: HoldDeps, request: Request, response: Response): void {
  const body = holdBody.safeParse(request.body);
  if (!body.success) {
    response.status(400).json({ error: z.prettifyError(body.error) });
    return;
  }
  const { holder, leaseMs } = body.data;
  const now = clock.now();
  const expiresAt = now + leaseMs;
  const isNew = store.holds.put({ holder, expiresAt }, now);
  // Renewals are not worth a line each.
  if (isNew) audit.append('hold.taken', { holder, expiresAt: isoTime(expiresAt) });
  response.json({ holder, expiresAt: isoTime(expiresAt) });
}
function releaseHold({ store, audit }: HoldDeps, request: Request, response: Response): void {
  const { holder } = request.query;
  const name = holder === undefined ? undefined : String(holder);
  if (store.holds.release(name) > 0) audit.append('hold.released', { holder: name ?? 'everybody' });
  response.status(204).end();
}
