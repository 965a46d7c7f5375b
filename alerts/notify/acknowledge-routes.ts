import express, { type Request, type Response, Router } from 'express';
import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import { acknowledgePage } from './acknowledge-page.ts';
import { acknowledge } from './escalation.ts';
import { plainText } from './plain-text.ts';
import type { NotifyStore } from './store.ts';

/** A name and no more. */
const formLimit = '4kb';
const longestName = 80;

/** GET looks, POST acknowledges. The secret in the address is the permission, so it must not get into logs or referrers. */
export function acknowledgeRoutes(deps: { store: NotifyStore; clock: Clock; log: Log }): Router {
  const { store, clock, log } = deps;
  const router = Router();
  router.use((_request, response, next) => {
    response.set({
      'Content-Security-Policy':
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    });
    next();
  });
  router.get('/:token', (request, response) => show(store, request, response));
  router.post('/:token', express.urlencoded({ extended: false, limit: formLimit }), (request, response) => {
    const found = store.occurrences.byToken(tokenOf(request));
    const by = nameIn(request.body);
    if (found !== undefined && acknowledge(store, found.id, by, clock.now()))
      log.info({ occurrence: found.id, alert: found.firing?.labels.alertname, by }, 'acknowledged by link');
    show(store, request, response);
  });
  return router;
}

function show(store: NotifyStore, request: Request, response: Response): void {
  const occurrence = store.occurrences.byToken(tokenOf(request));
  const status = occurrence === undefined ? 404 : occurrence.resolved === undefined ? 200 : 410;
  response.status(status).type('html').send(acknowledgePage(occurrence));
}

const tokenOf = (request: Request): string => String(request.params.token);

function nameIn(body: unknown): string {
  const name = (body as { name?: unknown } | undefined)?.name;
  return (typeof name === 'string' && plainText(name, longestName)) || 'by link';
}
