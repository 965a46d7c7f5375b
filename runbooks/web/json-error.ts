import type { NextFunction, Request, Response } from 'express';
import { messageOf } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';

/**
 * Alertmanager drops a notification for good on any 4xx and repeats it on 5xx: so 4xx is only for what will never be right, and all
 * trouble of our own is 503.
 */
export function answerError(log: Log) {
  return (error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    if (response.headersSent) return response.destroy();
    if (error instanceof SyntaxError || error instanceof URIError) {
      response.status(400).json({ error: `the request cannot be read: ${messageOf(error)}` });
      return;
    }
    // What express found wrong with the request itself carries its 4xx: 413 too large, 415 packed.
    const status = (error as { status?: unknown }).status;
    if (typeof status === 'number' && status >= 400 && status < 500) {
      response.status(status).json({ error: messageOf(error) });
      return;
    }
    log.error({ error: messageOf(error) }, 'a request could not be stored');
    response.status(503).json({ error: 'it could not be stored; send it again' });
  };
}
