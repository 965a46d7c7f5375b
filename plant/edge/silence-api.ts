import { type Request, Router } from 'express';
import { z } from 'zod';
import { callerOf, requireRole } from '../http-caller.ts';
import { parsed } from '../http-errors.ts';
import { answerLease } from '../lease-refusal.ts';
import { Refusal } from '../refusal.ts';
import type { Caller } from '../settings.ts';
import type { Silences } from './silences.ts';

const holder = z.string().min(1).max(200);

const wishSchema = z.strictObject({
  holder,
  // An hour is far beyond any rehearsal: what asks for more has mistaken the unit.
  leaseMs: z.int().min(100).max(3_600_000),
  renew: z.boolean().optional(),
});
const liftSchema = z.object({ holder: holder.optional(), by: z.string().min(1).max(200).optional() });

/** The API by which drills make devices silent: for those who maintain them, not for the people at the terminals. */
export function silenceApi(silences: Silences, tokens: Readonly<Record<string, Caller>>): Router {
  const nameIn = (request: Request<{ device: string }>): string => {
    requireRole(callerOf(request, tokens), ['maintainer', 'system']);
    const { device } = request.params;
    if (silences.named(device).length === 0)
      throw new Refusal(404, 'unknown-device', `no device of this line is called ${device}`);
    return device;
  };
  const router = Router();
  router.get('/devices/:device/silence', (request, response) => {
    response.json(silences.describe(nameIn(request)));
  });
  router.put('/devices/:device/silence', (request, response) => {
    const name = nameIn(request);
    const answer = silences.silence(name, parsed(wishSchema, request.body));
    answerLease(response, answer, () => silences.describe(name));
  });
  router.delete('/devices/:device/silence', (request, response) => {
    const name = nameIn(request);
    const wish = parsed(liftSchema, request.query);
    silences.lift(name, wish.holder, wish.by ?? (wish.holder === undefined ? 'others' : 'holder'));
    response.json(silences.describe(name));
  });
  return router;
}
