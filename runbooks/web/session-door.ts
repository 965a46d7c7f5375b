import type { NextFunction, Request, Response } from 'express';
import { isSame, type Session, sessionMs } from '../store/sessions.ts';
import type { Refusals } from './refusals.ts';
import type { WebDeps } from './web-deps.ts';

const isHttps = ({ public_url }: Pick<WebDeps['config'], 'public_url'>): boolean =>
  public_url?.startsWith('https:') ?? false;
/** With the prefix a browser takes the cookie only from this very host, over TLS. */
const cookieName = (config: WebDeps['config']): string => (isHttps(config) ? '__Host-andon' : 'andon');

export function setCookie(response: Response, id: string, config: WebDeps['config']): void {
  const secure = isHttps(config) ? '; Secure' : '';
  response.append(
    'Set-Cookie',
    `${cookieName(config)}=${id}; Path=/; Max-Age=${sessionMs / 1000}; HttpOnly; SameSite=Strict${secure}`,
  );
}

export function clearCookie(response: Response, config: WebDeps['config']): void {
  const secure = isHttps(config) ? '; Secure' : '';
  response.append(
    'Set-Cookie',
    `${cookieName(config)}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict${secure}`,
  );
}

/** What the session cookie holds. */
export function cookieOf(request: Request, config: WebDeps['config']): string | undefined {
  const wanted = `${cookieName(config)}=`;
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(wanted))?.slice(wanted.length);
}

export const sessionOf = (request: Request, { config, store, clock }: WebDeps): Session | undefined =>
  store.sessions.find(cookieOf(request, config), config.people, clock.now());

/** Whether a form was sent by a page of ours: browsers say where a POST comes from, and no other page can forge it. */
export function isOwnForm(request: Request, { public_url }: WebDeps['config']): boolean {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  if (origin === undefined || !URL.canParse(origin)) return false;
  const from = new URL(origin).host;
  return from === host || (public_url !== undefined && from === new URL(public_url).host);
}

/** Behind it there is a session, and a form was sent by its own page with its own secret. */
export function sessionDoor(deps: WebDeps, refusals: Refusals) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const session = sessionOf(request, deps);
    if (!session) {
      const isPart = request.headers['x-andon-part'] !== undefined || request.method !== 'GET';
      if (isPart) response.status(401).type('text').send('You are not signed in.\n');
      else response.redirect(303, `/sign-in?${new URLSearchParams({ next: request.path })}`);
      return;
    }
    const given = (request.body as { csrf?: unknown } | undefined)?.csrf;
    const isSafe = request.method === 'GET' || request.method === 'HEAD';
    if (
      !isSafe &&
      !(isOwnForm(request, deps.config) && typeof given === 'string' && isSame(given, session.csrf))
    ) {
      refusals.note(
        request,
        `a form that no page of ours has sent, in the session of ${session.person.name}`,
      );
      response
        .status(403)
        .type('text')
        .send('This form did not come from a page of this service. Load the page again.\n');
      return;
    }
    response.locals.session = session;
    next();
  };
}
