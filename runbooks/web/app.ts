import express, { type Express } from 'express';
import { approvalRoutes } from './approval-routes.ts';
import { FailureWindow } from './failure-window.ts';
import { holdRoutes } from './hold-routes.ts';
import { intakeRoutes } from './intake-routes.ts';
import { answerError } from './json-error.ts';
import { pageHeaders } from './page-headers.ts';
import { pageRoutes } from './page-routes.ts';
import { admitOf, programDoor, refuse, replayed } from './program-door.ts';
import { Refusals } from './refusals.ts';
import { rehearsalRoutes } from './rehearsal-routes.ts';
import { runRoutes } from './run-routes.ts';
import { signatureHeader } from './signature.ts';
import type { WebDeps } from './web-deps.ts';

/** Over all senders: a person mistypes once or twice, and a guess at a token has no second thousandth of a chance. */
const mostWrongTokens = 10;
const wrongTokensPerMs = 60_000;

/** The service's HTTP side: programs come with a token or a signature, people with a session or their own token. */
export function runbookApp(deps: WebDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const refusals = new Refusals(deps);
  const failures = new FailureWindow(mostWrongTokens, wrongTokensPerMs, deps.clock);
  // First, because in a storm a thousand of them come in a second.
  app.use(['/alertmanager', '/events'], programDoor(deps, refusals, { signed: true }));
  app.use(intakeRoutes(deps, refusals));
  app.use(pageHeaders);
  app.get('/-/healthy', (_request, response) => void response.json({ healthy: true }));
  app.use(pageRoutes(deps, refusals, failures));
  app.use(approvalRoutes(deps, refusals, failures));
  // An empty body has one signature, whatever is asked: so what brings nothing, or less than it changes, shows the token.
  app.use(programDoor(deps, refusals, { signed: false }));
  app.use((request, response, next) => {
    if (request.headers[signatureHeader] === undefined) return next();
    if (deps.store.transaction(admitOf(response))) next();
    else refuse(refusals, request, response, replayed);
  });
  app.use(holdRoutes(deps));
  app.use(runRoutes(deps));
  app.use(rehearsalRoutes(deps));
  app.use((_request, response) => void response.status(404).json({ error: 'there is no such address here' }));
  app.use(answerError(deps.log));
  return app;
}
