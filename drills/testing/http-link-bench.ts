import type { IncomingMessage, ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { HttpLink } from '../proxy/http-link.ts';
import { HttpPeer, type HttpService, startHttpService } from './http-peer.ts';

/** A service, an HTTP link to it, and a client of the link; gone with the test. */
export interface Bench {
  service: HttpService;
  link: HttpLink;
  port: number;
  client: HttpPeer;
}

/** `handler` is the service's, `random` draws the link's lots. */
export async function httpLinkBench(
  handler?: (request: IncomingMessage, response: ServerResponse) => void,
  random?: () => number,
): Promise<Bench> {
  const service = await startHttpService(handler);
  const link = await HttpLink.open({ host: '127.0.0.1', port: service.port }, random);
  const client = new HttpPeer(link.listen.port);
  onTestFinished(async () => {
    client[Symbol.dispose]();
    await link[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });
  return { service, link, port: link.listen.port, client };
}
