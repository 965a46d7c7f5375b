import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { z } from 'zod';
import { carriesToken } from '../../kit/bearer.ts';
import { type Clock, isoTime } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import { alertmanagerBody } from '../alert-notice.ts';
import type { AuditLog } from '../audit.ts';
import type { RunbooksConfig } from '../config.ts';
import type { RunbookEngine } from '../engine.ts';
import type { Runbook } from '../schema/runbook.ts';
import type { RunStore } from '../store.ts';
import { rehearsalRoutes } from './rehearsal-routes.ts';

export interface RunbookAppDeps {
  engine: Pick<RunbookEngine, 'receive'>;
  store: RunStore;
  audit: AuditLog;
  runbooks: readonly Runbook[];
  config: Pick<RunbooksConfig, 'token'>;
  clock: Clock;
  log: Log;
}

/** Alertmanager cuts its groups long before this; a body beyond it is no notification. */
const bodyLimit = '1mb';
const longestHoldMs = 24 * 3_600_000;

const holdBody = z.strictObject({
  holder: z.string().min(1).max(200),
  leaseMs: z.int().min(1).max(longestHoldMs),
});

/**
 * The service's HTTP side. Alertmanager drops a notification for good on any 4xx and repeats it on 5xx: so 4xx is only
 * for what will never be right, and all trouble of our own is 503.
 */
export function runbookApp(deps: RunbookAppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.get('/-/healthy', (_request, response) => void response.json({ healthy: true }));
  app.use(onlyWithToken(deps));
  // Whatever the sender calls it; and nothing is unpacked, for a small body can unpack to a huge one.
  app.use(express.json({ limit: bodyLimit, type: () => true, inflate: false }));
  app.post('/alertmanager', (request, response) => receiveAlerts(deps, request, response));
  app.get('/runs', (request, response) => listRuns(deps, request, response));
  app.put('/hold', (request, response) => putHold(deps, request, response));
  app.delete('/hold', (request, response) => releaseHold(deps, request, response));
  app.use(rehearsalRoutes(deps));
  app.use((_request, response) => void response.status(404).json({ error: 'there is no such address here' }));
  app.use(answerError(deps));
  return app;
}

function onlyWithToken({ config: { token }, log }: RunbookAppDeps) {
  return (request: Request, response: Response, next: NextFunction) => {
    if (carriesToken(request.headers.authorization, token)) return next();
    log.warn(
      { from: request.socket.remoteAddress, path: request.path },
      'a request without the token was refused',
    );
    response
      .status(401)
      .set('WWW-Authenticate', 'Bearer')
      .json({ error: 'the bearer token is missing or wrong' });
  };
}

function receiveAlerts({ engine, log }: RunbookAppDeps, request: Request, response: Response): void {
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
  const runs = engine.receive(alerts);
  response.status(202).json({ stored: alerts.length, runs: runs.map(({ id }) => String(id)) });
}

function listRuns({ store }: RunbookAppDeps, request: Request, response: Response): void {
  const { since } = request.query;
  const time = since === undefined ? 0 : Date.parse(String(since));
  if (Number.isFinite(time)) response.json(store.runs(time));
  else response.status(400).json({ error: 'since must be a time, as in 2026-01-31T08:15:00.000Z' });
}

function putHold({ store, audit, clock }: RunbookAppDeps, request: Request, response: Response): void {
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

function releaseHold({ store, audit }: RunbookAppDeps, request: Request, response: Response): void {
  const { holder } = request.query;
  const name = holder === undefined ? undefined : String(holder);
  if (store.holds.release(name) > 0) audit.append('hold.released', { holder: name ?? 'everybody' });
  response.status(204).end();
}

function answerError({ log }: RunbookAppDeps) {
  return (error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    // What express found wrong with the request itself carries its 4xx: 413 too large, 415 packed, 400 no JSON.
    const status = (error as { status?: unknown }).status;
    if (typeof status === 'number' && status >= 400 && status < 500) {
      response.status(status).json({ error: messageOf(error) });
      return;
    }
    log.error({ error: messageOf(error) }, 'a request could not be stored');
    response.status(503).json({ error: 'it could not be stored; send it again' });
  };
}
