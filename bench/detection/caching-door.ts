import { type ListeningServer, listen } from '../../kit/http-server.ts';

/** Longer than Prometheus waits for a page. */
const answerMs = 10_000;
const timeoutHeader = 'x-prometheus-scrape-timeout-seconds';

/** A reverse proxy before an exporter that can get stuck with an old page, as one that caches does. */
export class CachingDoor implements AsyncDisposable {
  isStuck = false;
  #page = '';
  #server: ListeningServer | undefined;

  async open(port: number, upstream: string): Promise<void> {
    this.#server = await listen(
      (request, response) => {
        void this.#answer(upstream, String(request.headers[timeoutHeader] ?? '4')).then(
          (page) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(page),
          () => response.writeHead(502).end(),
        );
      },
      { host: '127.0.0.1', port },
    );
  }

  async #answer(upstream: string, timeout: string): Promise<string> {
    if (this.isStuck) return this.#page;
    const signal = AbortSignal.timeout(answerMs);
    const answer = await fetch(`${upstream}/metrics`, { headers: { [timeoutHeader]: timeout }, signal });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    this.#page = await answer.text();
    return this.#page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }
}
