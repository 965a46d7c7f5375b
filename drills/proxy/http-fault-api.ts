import type { Express, Response } from 'express';
import { z } from 'zod';
import { isoTime } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import type { HttpLink } from './http-link.ts';
import { type HttpFault, httpFaultSchema } from './http-link-fault.ts';
import type { LeasedLink } from './leased-link.ts';

/** An HTTP link whose faults are leases. */
export type LeasedHttpLink = LeasedLink<HttpLink, HttpFault>;

/** Body of `PUT /links/NAME/http-fault`. */
const faultBody = z.strictObject({
  holder: z.string().regex(/^[\w.:~-]{1,200}$/, 'must be up to 200 letters, digits and _.:~-'),
  // An hour is far beyond any outage that is rehearsed: what asks for more has mistaken the unit.
  leaseMs: z.int().min(100).max(3_600_000),
  /** Only prolong: a fault that has ended meanwhile is not made again. */
  renew: z.boolean().default(false),
  fault: httpFaultSchema,
});
export type HttpFaultWish = z.input<typeof faultBody>;

/** The part of the control API that makes HTTP links ill: `PUT` and `DELETE /links/NAME/http-fault`. */
export function serveHttpFaults(app: Express, links: ReadonlyMap<string, LeasedHttpLink>, log: Log): void {
  app.put('/links/:name/http-fault', ({ params, body }, response) => {
    const link = httpLink(links, params.name, response);
    const wish = faultBody.safeParse(body);
    if (!link) return;
    if (!wish.success) return refuse(response, 400, 'request.invalid', z.prettifyError(wish.error));
    const { renew, fault: disturbance, holder, leaseMs } = wish.data;
    const present = link.holds.find((held) => held.holder === holder)?.disturbance;
    const changed = JSON.stringify(present) !== JSON.stringify(disturbance);
    const answer = renew
      ? link.renew({ holder, leaseMs, ...(changed ? { disturbance } : {}) })
      : link.hold({ holder, leaseMs, disturbance });
    if (!answer.ok) return refuse(response, 409, answer.code, answer.message, answer.endedBy);
    if (changed) log.warn({ link: link.name, ...wish.data }, 'ill');
    response.json({ touched: answer.touched });
  });
  app.delete('/links/:name/http-fault', ({ params, query }, response) => {
    const link = httpLink(links, params.name, response);
    if (!link) return;
    const holder = text(query.holder);
    link.release(holder, text(query.by) ?? (holder === undefined ? 'others' : 'holder'));
    log.warn({ link: link.name, holder, by: query.by }, 'well again');
    response.status(204).end();
  });
}

/** What `GET /links` says of an HTTP link beside what it says of every link; nothing of others. */
export function describeHttp(leased: LeasedHttpLink | undefined): object {
  if (!leased) return {};
  const { link, holds, lastEnded } = leased;
  return {
    protocol: 'http',
    upstream: link.upstream,
    httpFaults: holds.map(({ holder, disturbance, expiresAt }) => ({
      holder,
      fault: disturbance,
      expiresAt: isoTime(expiresAt),
      touched: link.touched(holder),
    })),
    lastHttpFault: lastEnded && { ...lastEnded, at: isoTime(lastEnded.at) },
  };
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function httpLink(
  links: ReadonlyMap<string, LeasedHttpLink>,
  name: string,
  response: Response,
): LeasedHttpLink | undefined {
  const link = links.get(name);
  const known = [...links.keys()].join(', ') || 'none';
  if (!link)
    refuse(response, 404, 'link.not-http', `no link "${name}" has protocol http; such are: ${known}`);
  return link;
}

function refuse(response: Response, status: number, code: string, message: string, endedBy?: string): void {
  response.status(status).json({ error: { code, message, ...(endedBy === undefined ? {} : { endedBy }) } });
}
