import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { alertmanagerBody } from '../intake/alert-notice.ts';
import { eventName } from '../schema/trigger.ts';
import type { StoredRun } from '../store/run.ts';
import { admitOf, refuse, replayed } from './program-door.ts';
import type { Refusals } from './refusals.ts';
import type { WebDeps } from './web-deps.ts';

/** What another program reports: `id` and `at` name it for ever, so that it can be sent again without harm. */
const eventBody = z.strictObject({
  event: eventName,
  id: z.string().min(1).max(200),
  at: z.iso
    .datetime({ offset: true, error: 'must be a time, as in 2026-01-31T08:15:00.000Z' })
    .transform((text) => Date.parse(text)),
  labels: z.record(z.string(), z.string()).default({}),
});

/** What starts runbooks: alerts and events. Each is answered when it is on the disk. */
export function intakeRoutes(deps: WebDeps, refusals: Refusals): Router {
  const router = Router();
  router.post('/alertmanager', (request, response) => receiveAlerts(deps, refusals, request, response));
  router.post('/events', (request, response) => receiveEvent(deps, refusals, request, response));
  return router;
}

async function receiveAlerts(
  { engine, log }: WebDeps,
  refusals: Refusals,
  request: Request,
  response: Response,
): Promise<void> {
  const body = alertmanagerBody.safeParse(request.body);
  if (!body.success) {
    log.warn({ problem: z.prettifyError(body.error) }, 'a notification that is not of version 4 was refused');
    response.status(400).json({ error: z.prettifyError(body.error) });
    return;
  }
  const { alerts, truncatedAlerts } = body.data;
  if (truncatedAlerts > 0)
    log.warn(
      { truncatedAlerts },
      'Alertmanager left alerts out of a notification: raise or remove max_alerts',
    );
  const runs = await engine.deliver(alerts, admitOf(response));
  if (runs === undefined) refuse(refusals, request, response, replayed);
  else response.status(202).json({ stored: alerts.length, runs: idsOf(runs) });
}

async function receiveEvent(
  { engine }: WebDeps,
  refusals: Refusals,
  request: Request,
  response: Response,
): Promise<void> {
  const body = eventBody.safeParse(request.body);
  if (!body.success) {
    response.status(400).json({ error: z.prettifyError(body.error) });
    return;
  }
  const { event, id, at, labels } = body.data;
  const occasion = { fingerprint: `event ${event} ${id}`, startsAt: at, labels };
  const runs = await engine.deliverEvent(event, occasion, admitOf(response));
  if (runs === undefined) refuse(refusals, request, response, replayed);
  else response.status(202).json({ runs: idsOf(runs) });
}

const idsOf = (runs: readonly StoredRun[]): string[] => runs.map(({ id }) => String(id));
