import { type Request, type Response, Router } from 'express';
import { personWithToken } from '../people/people.ts';
import type { FailureWindow } from './failure-window.ts';
import { signInPage } from './pages/sign-in-page.ts';
import type { Refusals } from './refusals.ts';
import { clearCookie, cookieOf, isOwnForm, setCookie } from './session-door.ts';
import type { WebDeps } from './web-deps.ts';

/** People come in with their own token. */
export function signInRoutes(deps: WebDeps, refusals: Refusals, failures: FailureWindow): Router {
  const router = Router();
  const hasPeople = deps.config.people.length > 0;
  router.get('/sign-in', (request, response) => {
    response.type('html').send(signInPage(nextOf(request.query.next), { hasPeople }));
  });
  router.post('/sign-in', (request, response) => signIn(deps, refusals, failures, request, response));
  return router;
}

function signIn(
  { config, store, audit, clock }: WebDeps,
  refusals: Refusals,
  failures: FailureWindow,
  request: Request,
  response: Response,
): void {
  const { token, next } = (request.body ?? {}) as { token?: unknown; next?: unknown };
  const again = (status: number, problem: string) =>
    void response
      .status(status)
      .type('html')
      .send(signInPage(nextOf(next), { problem, hasPeople: config.people.length > 0 }));
  if (failures.isFull) {
    again(429, 'Too many wrong tokens: wait a minute.');
    return;
  }
  const person = isOwnForm(request, config)
    ? personWithToken(config.people, typeof token === 'string' ? token.trim() : undefined)
    : undefined;
  if (!person) {
    failures.note();
    refusals.note(request, 'a sign-in with a token that is nobody’s');
    again(401, 'That is not the token of anybody here.');
    return;
  }
  const id = store.sessions.begin(person, clock.now());
  audit.append('person.signed-in', { person: person.name, from: request.socket.remoteAddress ?? '' });
  setCookie(response, id, config);
  response.redirect(303, nextOf(next));
}

export function signOut({ config, store, audit }: WebDeps, request: Request, response: Response): void {
  const id = cookieOf(request, config);
  if (id !== undefined) store.sessions.end(id);
  audit.append('person.signed-out', { person: response.locals.session.person.name });
  clearCookie(response, config);
  response.redirect(303, '/sign-in');
}

/** Only pages of ours: what stands in an address comes from anybody. */
const nextOf = (next: unknown): string =>
  typeof next === 'string' && /^\/run\/\d+$/.test(next) ? next : '/';
