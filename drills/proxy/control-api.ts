import express, { type ErrorRequestHandler, type Express, type Response } from 'express';
import { z } from 'zod';
import { isoTime } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import { holdBody, renewBody } from './hold-request.ts';
import { describeHttp, type LeasedHttpLink, serveHttpFaults } from './http-fault-api.ts';
import type { HoldAnswer, LeasedLink } from './leased-link.ts';
import type { TcpLink } from './tcp-link.ts';

/** Every link of a proxy by its name. */
export type Links = ReadonlyMap<string, LeasedLink<TcpLink>>;

/**
 * The API by which links are disturbed:
 *
 *     GET    /links                       every link, with what is wrong with it
 *     POST   /links/NAME/holds            {holder, disturbance, leaseMs}: disturbs it
 *     PATCH  /links/NAME/holds/HOLDER     {leaseMs, disturbance?}: a sign of life; null is a pause
 *     DELETE /links/NAME/holds/HOLDER     ends it (a run's name: all that the run does)
 *     DELETE /links/NAME/holds            ends everybody's
 *
 * and, for those that are HTTP, the routes of http-fault-api.ts.
 */
export function controlApi(
  links: Links,
  { log }: { log: Log },
  httpLinks: ReadonlyMap<string, LeasedHttpLink> = new Map(),
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json({ limit: '10kb' }));
  app.get('/links', (_request, response) => {
    response.json(
      [...links.values()].map((link) => ({ ...describe(link), ...describeHttp(httpLinks.get(link.name)) })),
    );
  });
  app.post('/links/:name/holds', ({ params, body }, response) => {
    const link = known(links, params.name, response);
    const wish = link && parsed(holdBody, body, response);
    if (!link || !wish) return;
    const answered = answer(response, link.hold(wish));
    if (answered) log.warn({ link: link.name, ...wish, ...answered }, 'disturbed');
  });
  app.patch('/links/:name/holds/:holder', ({ params, body }, response) => {
    const link = known(links, params.name, response);
    const wish = link && parsed(renewBody, body, response);
    if (link && wish) answer(response, link.renew({ holder: params.holder, ...wish }));
  });
  app.delete('/links/:name/holds{/:holder}', ({ params, query }, response) => {
    const link = known(links, params.name, response);
    if (!link) return;
    const { holder } = params;
    const by = typeof query.by === 'string' ? query.by : holder === undefined ? 'others' : 'holder';
    link.release(holder, by);
    log.warn({ link: link.name, holder, by }, 'healed');
    response.status(204).end();
  });
  serveHttpFaults(app, httpLinks, log);
  app.use(((error, _request, response, _next) => {
    const status = Number((error as { status?: unknown }).status) || 500;
    refuse(response, status, status < 500 ? 'request.invalid' : 'links.failed', messageOf(error));
  }) satisfies ErrorRequestHandler);
  return app;
}

function describe({ name, link, holds, lastEnded }: LeasedLink<TcpLink>) {
  return {
    name,
    listen: link.listen,
    upstream: link.upstream,
    connections: link.connections,
    holds: holds.map((held) => ({
      ...held,
      expiresAt: isoTime(held.expiresAt),
      touched: link.touched(held.holder),
    })),
    lastEnded: lastEnded && { ...lastEnded, at: isoTime(lastEnded.at) },
  };
}

function known(links: Links, name: string, response: Response): LeasedLink<TcpLink> | undefined {
  const link = links.get(name);
  if (!link) {
    const message = `no link "${name}"; known are ${[...links.keys()].join(', ')}`;
    refuse(response, 404, 'link.unknown', message);
  }
  return link;
}

function parsed<T>(schema: z.ZodType<T>, body: unknown, response: Response): T | undefined {
  const result = schema.safeParse(body);
  if (!result.success) refuse(response, 400, 'request.invalid', z.prettifyError(result.error));
  return result.data;
}

function answer(response: Response, held: HoldAnswer): { touched: number } | undefined {
  if (!held.ok) {
    refuse(response, 409, held.code, held.message, held.endedBy);
    return undefined;
  }
  const { touched } = held;
  response.json({ touched });
  return { touched };
}

function refuse(response: Response, status: number, code: string, message: string, endedBy?: string): void {
  response.status(status).json({ error: { code, message, ...(endedBy === undefined ? {} : { endedBy }) } });
}
