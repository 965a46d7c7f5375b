import type { IncomingMessage, ServerResponse } from 'node:http';
import { listen } from '../../kit/http-server.ts';
import { startEsign } from '../esign/esign.ts';
import { esignSettingsSchema } from '../settings.ts';
import { testContext } from './test-mes.ts';

/** The real service behind a door that a test can close. */
export interface Door extends AsyncDisposable {
  url: string;
  /** How a call is answered instead: with this status and body, or not at all. Undefined lets it through. */
  instead: { status: number; body: string } | 'hang' | undefined;
  asked: number;
  status(): Promise<{ signed: number; repeated: number }>;
}

/** Opens the door of a service of its own. */
export async function openDoor(): Promise<Door> {
  const esign = await startEsign(esignSettingsSchema.parse({ latency_ms: 1 }), testContext);
  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    door.asked++;
    const { instead } = door;
    if (instead === 'hang') return;
    if (instead) return void response.writeHead(instead.status).end(instead.body);
    const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {};
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${esign.url}${request.url}`, {
      method: request.method ?? '',
      headers,
      ...body,
    });
    response.writeHead(answer.status).end(await answer.text());
  };
  const server = await listen(
    // Who asked may hang up, and the service may be going: then the line breaks off, as it would without a door.
    (request, response) => void pass(request, response).catch(() => response.destroy()),
    { host: '127.0.0.1', port: 0 },
  );
  const door: Door = {
    url: server.url,
    instead: undefined,
    asked: 0,
    status: async () => (await fetch(`${esign.url}/-/status`)).json() as ReturnType<Door['status']>,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await esign[Symbol.asyncDispose]();
    },
  };
  return door;
}
