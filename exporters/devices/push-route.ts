import express, { type ErrorRequestHandler, type RequestHandler, type Router } from 'express';
import { carriesToken } from '../../kit/bearer.ts';
import { messageOf } from '../../kit/errors.ts';
import type { PushConfig } from './config.ts';
import { type Heartbeat, readHeartbeats } from './heartbeats.ts';

/** Where devices POST to. */
export const heartbeatPath = '/devices/heartbeat';

/** The longest body of a request, whatever it holds. */
const longestBody = '1mb';

export interface HeartbeatReceiver {
  /** Takes heartbeats; resolves with how many it could not because there are too many devices. */
  take(heartbeats: readonly Heartbeat[]): Promise<number>;
  /** Notes a request that could not be read. */
  refused(why: string): void;
}

/** POST /devices/heartbeat: all heartbeats of a request are taken, or none of them and every mistake is named. */
export function addPushRoute(router: Router, config: PushConfig, receiver: HeartbeatReceiver): void {
  router.post(
    heartbeatPath,
    bearer(config.token),
    express.json({ limit: longestBody, strict: false, type: () => true }),
    heartbeatRoute(config, receiver),
    unreadable(receiver),
  );
}

function heartbeatRoute({ max_batch }: PushConfig, receiver: HeartbeatReceiver): RequestHandler {
  return async (request, response) => {
    const body: unknown = request.body;
    if (Array.isArray(body) && body.length > max_batch) {
      response.status(413).json({ error: `at most ${max_batch} heartbeats at once; none was taken` });
      return;
    }
    const found = readHeartbeats(body);
    if ('problems' in found) {
      receiver.refused(`heartbeat ${found.problems[0]?.index}: ${found.problems[0]?.message}`);
      response.status(400).json({ error: 'no heartbeat was taken', ...found });
      return;
    }
    const tooMany = await receiver.take(found);
    if (tooMany === 0) response.status(204).end();
    else response.status(507).json({ error: `max_devices is reached: ${tooMany} heartbeats were not taken` });
  };
}

/** A body that is no JSON, or too long. */
function unreadable(receiver: HeartbeatReceiver): ErrorRequestHandler {
  return (error: { status?: number }, _request, response, _next) => {
    const isTooLong = error.status === 413;
    if (!isTooLong) receiver.refused(messageOf(error));
    const why = isTooLong
      ? `the body is longer than ${longestBody}`
      : `the body is no JSON: ${messageOf(error)}`;
    response.status(isTooLong ? 413 : 400).json({ error: `${why}; no heartbeat was taken` });
  };
}

/** Lets through who knows the token; everybody where there is none. */
function bearer(token: string | undefined): RequestHandler {
  return (request, response, next) => {
    if (token === undefined || carriesToken(request.get('authorization'), token)) next();
    else
      response
        .status(401)
        .set('www-authenticate', 'Bearer')
        .json({ error: 'the bearer token is wrong or missing' });
  };
}
