import type { ErrorRequestHandler, RequestHandler } from 'express';
import { messageOf } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';

/** What is wrong with a request, for whoever sent it. */
export class RequestRefused extends Error {
  readonly status: 400 | 404;

  constructor(status: 400 | 404, message: string) {
    super(message);
    this.status = status;
  }
}

/** A word of the request as it may be shown again: in quotes, with nothing in it that a terminal obeys, and no longer than a name. */
export const quoted = (word: string): string =>
  JSON.stringify(word.length > 80 ? `${word.slice(0, 79)}…` : word);

/** Answers with the reason; what is our own mistake is logged, and its text stays here. */
export const answerError =
  (log: Log): ErrorRequestHandler =>
  (error, request, response, next) => {
    const status = statusOf(error);
    if (status >= 500) log.error({ path: request.path, reason: messageOf(error) }, 'request failed');
    if (response.headersSent) return next(error);
    const text = status >= 500 ? 'internal error: see the log of the exporter' : messageOf(error);
    response.status(status).type('text').send(`${text}\n`);
  };

/** Body parsers and the router say 400 or 413 with their errors. */
function statusOf(error: unknown): number {
  const { status } = (error ?? {}) as { status?: unknown };
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
}

/** For a path that can only be read. */
export const onlyReading: RequestHandler = (request, response) => {
  response
    .status(405)
    .set('allow', 'GET, HEAD')
    .type('text')
    .send(`${request.method} is not possible here; GET is\n`);
};

/** For a path that nothing serves. */
export const nothingHere: RequestHandler = (_request, response) => {
  response.status(404).type('text').send('nothing is here; see / for what there is\n');
};
