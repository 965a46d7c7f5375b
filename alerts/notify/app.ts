import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { z } from 'zod';
import { expositionContentType, expositionText } from '../../exporters/exposition.ts';
import type { Sample } from '../../exporters/sample.ts';
import { carriesToken } from '../../kit/bearer.ts';
import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import { acknowledgeRoutes } from './acknowledge-routes.ts';
import { plainText } from './plain-text.ts';
import type { NotifyStore } from './store.ts';
import { type Notification, webhookBody } from './webhook-body.ts';

/** Five thousand alerts with long descriptions. */
const bodyLimit = '4mb';
/** What is wrong with a body is said, but not two thousand times. */
const longestProblem = 2000;

export interface NotifyAppDeps {
  store: NotifyStore;
  token: string;
  clock: Clock;
  log: Log;
  /** On return it is on the disk. Throws when it could not be stored. */
  receive: (notification: Notification) => void;
  samples: () => Sample[];
}

/**
 * The notifier's HTTP side. Alertmanager drops a notification for good on any 4xx and repeats it on 5xx: so 4xx is only
 * for what will never be right, and all trouble of our own is 503.
 */
export function notifyApp(deps: NotifyAppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.get('/-/healthy', (_request, response) => void response.json({ healthy: true }));
  app.get('/-/ready', (_request, response) => {
    deps.store.demandWritable();
    response.json({ ready: true });
  });
  app.get('/metrics', async (_request, response) => {
    const text = await expositionText(deps.samples());
    response.type(expositionContentType).send(text);
  });
  app.use('/ack', acknowledgeRoutes(deps));
  app.use(onlyWithToken(deps));
  // Whatever the sender calls it; and nothing is unpacked, for a small body can unpack to a huge one.
  app.use(express.json({ limit: bodyLimit, type: () => true, inflate: false }));
  app.post('/alertmanager', (request, response) => receive(deps, request, response));
  app.use((_request, response) => void response.status(404).json({ error: 'there is no such address here' }));
  app.use(answerError(deps));
  return app;
}

function onlyWithToken({ token, log }: NotifyAppDeps) {
  return (request: Request, response: Response, next: NextFunction) => {
    if (carriesToken(request.headers.authorization, token)) return next();
    log.warn({ from: request.socket.remoteAddress }, 'a request without the token was refused');
    response
      .status(401)
      .set({ 'WWW-Authenticate': 'Bearer', Connection: 'close' })
      .json({ error: 'the bearer token is missing or wrong' });
  };
}

function receive(deps: NotifyAppDeps, request: Request, response: Response): void {
  const body = webhookBody.safeParse(request.body);
  if (!body.success) {
    const error = z.prettifyError(body.error).slice(0, longestProblem);
    deps.log.warn({ problem: plainText(error) }, 'a notification that is not of version 4 was refused');
    response.status(400).json({ error });
    return;
  }
  const { alerts, omitted } = body.data;
  if (omitted > 0)
    deps.log.warn({ omitted }, 'Alertmanager left alerts out of a notification: raise or remove max_alerts');
  deps.receive(body.data);
  response.json({ stored: alerts.length });
}

function answerError({ log }: NotifyAppDeps) {
  return (error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    // What express found wrong with the request itself carries its 4xx: 413 too large, 415 packed, 400 no JSON.
    const status = (error as { status?: unknown }).status;
    if (typeof status === 'number' && status >= 400 && status < 500) {
      response.status(status).json({ error: plainText(messageOf(error)) });
      return;
    }
    log.error({ error: messageOf(error) }, 'the store of the notifier cannot be used');
    response.status(503).json({ error: 'it could not be stored; send it again' });
  };
}
