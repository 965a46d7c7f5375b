import { type ListenAddress, type ListeningServer, listen } from '../kit/http-server.ts';

/** The small HTTP of a process that only works: `/-/healthy`, and its own counters at `/-/status`. */
export function serveStatus(status: () => unknown, address: ListenAddress): Promise<ListeningServer> {
  return listen((request, response) => {
    const answers: Record<string, () => unknown> = {
      '/-/healthy': () => ({ healthy: true }),
      '/-/status': status,
    };
    const answer = answers[request.url ?? ''];
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(answer ? answer() : { error: { code: 'not-found', message: 'nothing is here' } }),
    );
  }, address);
}
