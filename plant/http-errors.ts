import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { z } from 'zod';
import { messageOf } from '../kit/errors.ts';
import { describeProblems } from './describe-problems.ts';
import { Refusal } from './refusal.ts';
import type { SparseLog } from './sparse-log.ts';

/** Parses what came in, or refuses it with everything that is wrong. */
export function parsed<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new Refusal(400, 'invalid', describeProblems(result.error));
}

/** Nothing is served at this address. */
export const notFound: RequestHandler = (request) => {
  throw new Refusal(404, 'not-found', `nothing is at ${request.method} ${request.path}`);
};

/** A refusal is answered as it says; whatever else went wrong is 503: come again, and nothing is lost. */
export function answerErrors(log: SparseLog): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const { status, code, message } = problemOf(error);
    if (status >= 500) log.failure(`${request.method} ${request.route?.path ?? request.path} failed`, error);
    response.status(status).json({ error: { code, message } });
  };
}

function problemOf(error: unknown): { status: number; code: string; message: string } {
  if (error instanceof Refusal) return { status: error.status, code: error.code, message: error.message };
  const { status, code } = error as { status?: unknown; code?: unknown };
  // What express's body parser refuses carries its status.
  if (typeof status === 'number' && status >= 400 && status < 500)
    return { status, code: 'invalid', message: messageOf(error) };
  return { status: 503, code: typeof code === 'string' ? code : 'unavailable', message: messageOf(error) };
}
