import type { RequestHandler, Response } from 'express';
import type { Clock } from '../../kit/clock.ts';
import { Authentication } from './authentication.ts';
import { RateLimit } from './rate-limit.ts';
import type { WebConfig } from './web-config.ts';

/** The headers of the web configuration, on every answer. */
export const configuredHeaders =
  (current: () => WebConfig): RequestHandler =>
  (_request, response, next) => {
    response.set('x-content-type-options', 'nosniff').set(current().headers);
    next();
  };

/** Lets only those pass who may: by the rate limit and the users of the web configuration as it stands now. */
export function gate(current: () => WebConfig, clock: Clock): RequestHandler {
  let keeper = keeperOf(current(), clock);
  return async (request, response, next) => {
    const config = current();
    // What was remembered of the users before is forgotten with them.
    if (keeper.config !== config) keeper = keeperOf(config, clock);
    const { authentication, rateLimit } = keeper;
    if (!rateLimit.allows()) return refuse(response.status(429), 'too many requests: see rate_limit');
    if (!authentication.isNeeded) return next();
    const verdict = await authentication.check(request.get('authorization'));
    if (verdict === 'admitted') return next();
    if (verdict === 'busy')
      return refuse(response.status(503).set('retry-after', '1'), 'too many passwords are being checked');
    refuse(
      response.status(401).set('www-authenticate', authentication.challenges),
      'not without password or token',
    );
  };
}

const keeperOf = (config: WebConfig, clock: Clock) => ({
  config,
  authentication: new Authentication(config),
  rateLimit: new RateLimit(config.rateLimit, clock),
});

/** At most so many requests at one time; a slot is free again when the answer has been sent or its client has gone. */
export function requestLimit(most: number): RequestHandler {
  let underWay = 0;
  return (_request, response, next) => {
    if (underWay >= most)
      return refuse(
        response.status(503).set('retry-after', '1'),
        `${most} requests are under way: see max_requests`,
      );
    underWay += 1;
    response.once('close', () => {
      underWay -= 1;
    });
    next();
  };
}

const refuse = (response: Response, reason: string): void => {
  response.type('text').send(`${reason}\n`);
};
