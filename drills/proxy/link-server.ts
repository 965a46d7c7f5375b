import express, { type ErrorRequestHandler, type Express, type Response } from 'express';
import { z } from 'zod';
import { type Clock, isoTime } from '../../kit/clock.ts';
import { messageOf, UnavailableError } from '../../kit/errors.ts';
import { type ListeningServer, listen } from '../../kit/http-server.ts';
import type { Log } from '../../kit/log.ts';
import type { LinksConfig } from './config.ts';
import { LeasedLink } from './leased-link.ts';
import { cutModes, TcpLink } from './tcp-link.ts';

/** The links of one process and the API that cuts them; leaving its scope closes every connection. */
export interface RunningLinks extends AsyncDisposable {
  /** Address of the control API. */
  readonly url: string;
  readonly links: readonly { name: string; host: string; port: number }[];
}

export interface LinkDeps {
  clock: Clock;
  log: Log;
}

const cutBody = z.strictObject({
  mode: z.enum(cutModes),
  holder: z.string().min(1).max(200),
  // An hour is far beyond any outage that is rehearsed: what asks for more has mistaken the unit.
  leaseMs: z.int().min(100).max(3_600_000),
  renew: z.boolean().optional(),
});

/** Opens every link and then the control API; all of them or none. */
export async function startLinks(config: LinksConfig, deps: LinkDeps): Promise<RunningLinks> {
  await using stack = new AsyncDisposableStack();
  const links = new Map<string, LeasedLink>();
  for (const { name, listen: address, upstream } of config.links) {
    const link = await opened(`link ${name}`, TcpLink.open(address, upstream, deps.log));
    links.set(name, stack.use(new LeasedLink(name, link, deps.clock)));
  }
  const server = stack.use(await opened('the control API', listen(controlApi(links, deps), config.listen)));
  return started(stack.move(), server, links);
}

function started(
  stack: AsyncDisposableStack,
  server: ListeningServer,
  links: ReadonlyMap<string, LeasedLink>,
): RunningLinks {
  return {
    url: server.url,
    links: [...links.values()].map(({ name, link }) => ({ name, ...link.listen })),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function opened<T>(what: string, opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    throw new UnavailableError('links.not-listening', `${what}: ${messageOf(error)}`, {
      mend: 'Give it another port in the links file, or end the program that holds this one.',
      cause: error,
    });
  }
}

function controlApi(links: ReadonlyMap<string, LeasedLink>, { log }: LinkDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json({ limit: '10kb' }));
  app.get('/links', (_request, response) => {
    response.json([...links.values()].map(describe));
  });
  app.put('/links/:name/cut', ({ params, body }, response) => {
    const link = known(links, params.name, response);
    const wish = cutBody.safeParse(body);
    if (!link) return;
    if (!wish.success) return refuse(response, 400, 'request.invalid', z.prettifyError(wish.error));
    const answer = link.cut(wish.data);
    if (!answer.ok) return refuse(response, 409, answer.code, answer.message, answer.endedBy);
    if (!wish.data.renew) log.warn({ link: link.name, ...wish.data, connections: answer.connections }, 'cut');
    response.json({ connections: answer.connections });
  });
  app.delete('/links/:name/cut', ({ params, query }, response) => {
    const link = known(links, params.name, response);
    if (!link) return;
    link.restore(text(query.holder), text(query.by));
    log.warn({ link: link.name, holder: query.holder, by: query.by }, 'restored');
    response.status(204).end();
  });
  app.use(((error, _request, response, _next) => {
    const status = Number((error as { status?: unknown }).status) || 500;
    refuse(response, status, status < 500 ? 'request.invalid' : 'links.failed', messageOf(error));
  }) satisfies ErrorRequestHandler);
  return app;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function describe({ name, link, held, ended }: LeasedLink) {
  return {
    name,
    listen: link.listen,
    upstream: link.upstream,
    cut: held && { ...held, expiresAt: isoTime(held.expiresAt), touched: link.touched },
    connections: link.connections,
    lastCut: ended && { ...ended, at: isoTime(ended.at) },
  };
}

function known(links: ReadonlyMap<string, LeasedLink>, name: string, response: Response) {
  const link = links.get(name);
  if (!link)
    refuse(response, 404, 'link.unknown', `no link "${name}"; known are ${[...links.keys()].join(', ')}`);
  return link;
}

function refuse(response: Response, status: number, code: string, message: string, endedBy?: string): void {
  response.status(status).json({ error: { code, message, ...(endedBy === undefined ? {} : { endedBy }) } });
}
