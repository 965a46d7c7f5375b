import express, { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { type AnswerRefusal, answerQuestion } from '../people/answer-question.ts';
import { personWithToken } from '../people/people.ts';
import type { FailureWindow } from './failure-window.ts';
import type { Refusals } from './refusals.ts';
import type { WebDeps } from './web-deps.ts';

const approvalBody = z.strictObject({
  run: z.coerce.number().pipe(z.int().min(1)),
  /** 0: the whole run; else the step that asks. */
  position: z.coerce.number().pipe(z.int().min(0)).default(0),
  plan_hash: z.string().max(200),
  decision: z.enum(['approved', 'rejected']),
});

/** What HTTP calls a refused answer. */
export const statusOf: Record<AnswerRefusal, number> = {
  unknown: 404,
  requester: 403,
  role: 403,
  decided: 409,
  expired: 409,
  plan: 409,
};

/** `POST /approvals`: a decision of the person whose own token the request carries. */
export function approvalRoutes(deps: WebDeps, refusals: Refusals, failures: FailureWindow): Router {
  const router = Router();
  router.post(
    '/approvals',
    (request, response, next) => {
      if (failures.isFull) return tooOften(response);
      const token = /^Bearer +(?<token>\S+)$/i.exec(request.headers.authorization ?? '')?.groups?.token;
      const person = personWithToken(deps.config.people, token);
      if (person) {
        response.locals.person = person;
        return next();
      }
      failures.note();
      const reason = 'the token is not that of anybody under runbooks.people';
      refusals.note(request, reason);
      response.status(401).set('WWW-Authenticate', 'Bearer').json({ error: reason });
    },
    express.json({ limit: '16kb', type: () => true, inflate: false }),
    (request, response) => decide(deps, request, response),
  );
  return router;
}

const tooOften = (response: Response): void =>
  void response.status(429).set('Retry-After', '60').json({ error: 'too many wrong tokens: wait a minute' });

function decide(deps: WebDeps, request: Request, response: Response): void {
  const body = approvalBody.safeParse(request.body);
  if (!body.success) return void response.status(400).json({ error: z.prettifyError(body.error) });
  const { run: runId, position, plan_hash: planHash, decision } = body.data;
  const { person } = response.locals;
  const result = answerQuestion({ runId, position, planHash, decision, person }, deps);
  if (!result.ok)
    return void response.status(statusOf[result.code]).json({ error: result.reason, code: result.code });
  deps.engine.ring();
  response.json({ run: String(runId), position, decision, by: person.name });
}
