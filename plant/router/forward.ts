import {
  type Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as open,
  type ServerResponse,
} from 'node:http';
import type { ServedVersion } from './served-version.ts';

/** What is between two neighbours and goes no further (RFC 9110, 7.6.1). `transfer-encoding` is set anew for each. */
const betweenNeighbours = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade'];

/**
 * Passes one request on to a version and its answer back, both as they come. It adds no time limit: a version that hangs keeps its
 * caller waiting as if the caller had asked it directly. Where nobody listens the answer is 503, as of a MES that cannot serve now.
 */
export function forward(
  request: IncomingMessage,
  response: ServerResponse,
  to: ServedVersion,
  agent: Agent,
): void {
  const { method, url: path } = request;
  const left = to.enter(method === 'GET' || method === 'HEAD');
  const headers = passedOn(request.headers);
  const onward = open({ ...to.address, path, method, headers, agent });
  let status: number | undefined;
  response.once('close', () => {
    left(response.writableFinished ? status : undefined);
    onward.destroy();
  });
  onward.once('response', (answer) => {
    status = answer.statusCode ?? 502;
    response.writeHead(status, answer.statusMessage, passedOn(answer.headers, 'transfer-encoding'));
    // A version that dies in the middle of an answer must not look as if it had said all.
    answer.once('error', () => response.destroy());
    answer.pipe(response);
  });
  onward.once('error', (error) => {
    if (response.headersSent) response.destroy();
    else if (!response.destroyed) refuse(response, to.version, error);
  });
  request.once('error', () => onward.destroy());
  request.pipe(onward);
}

function refuse(response: ServerResponse, version: string, error: Error): void {
  const message = `version ${version} of the MES does not answer: ${error.message}`;
  response.writeHead(503, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { code: 'version-down', message } }));
}

function passedOn(headers: IncomingHttpHeaders, ...without: string[]): OutgoingHttpHeaders {
  const passed: OutgoingHttpHeaders = { ...headers };
  for (const name of [...betweenNeighbours, ...without]) delete passed[name];
  return passed;
}
