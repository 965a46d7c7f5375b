import type { IncomingMessage, ServerResponse } from 'node:http';
import { carriesToken } from '../kit/bearer.ts';
import { AndonError, messageOf, UsageError } from '../kit/errors.ts';
import { type ListeningServer, listen } from '../kit/http-server.ts';
import { type LabControl, serviceVerbs } from './control.ts';

/** Serves `GET /services` and `POST /services/NAME/start|stop|restart` on the loopback, to who carries the token. */
export function serveControl(control: LabControl, port: number, token: string): Promise<ListeningServer> {
  return listen(
    (request, response) => {
      request.resume();
      answer(control, token, request).then(
        ([status, body]) => reply(response, status, body),
        (error: unknown) => reply(response, ...failure(error)),
      );
    },
    { host: '127.0.0.1', port },
  );
}

type Answer = [status: number, body: object];

async function answer(control: LabControl, token: string, request: IncomingMessage): Promise<Answer> {
  if (!carriesToken(request.headers.authorization, token))
    return [401, { error: { code: 'lab.token', message: 'a bearer token is needed' } }];
  const [, room, name = '', wanted] = (request.url ?? '').split('/');
  if (request.method === 'GET' && room === 'services' && name === '') return [200, control.states()];
  const verb = serviceVerbs.find((known) => known === wanted);
  if (request.method !== 'POST' || room !== 'services' || verb === undefined)
    return [404, { error: { code: 'lab.path', message: `${request.method} ${request.url} is nothing` } }];
  return [200, await control.carryOut(verb, decodeURIComponent(name))];
}

function failure(error: unknown): Answer {
  const { code, mend } = error instanceof AndonError ? error : { code: 'lab.failed', mend: undefined };
  return [error instanceof UsageError ? 404 : 503, { error: { code, message: messageOf(error), mend } }];
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
