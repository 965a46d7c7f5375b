import { type ListeningServer, listen } from '../../kit/http-server.ts';

/** The two addresses of a MES that the exporter asks; `answer` changes how it takes that. */
export interface FakeMes extends AsyncDisposable {
  readonly url: string;
  /** `silent` accepts and never answers, as a process that hangs does. */
  answer: 'well' | 'unwell' | 'silent';
}

/** What the fake says at /-/stats, when `grown` operations have come on top. */
export const fakeStats = (grown = 0) => ({
  operations: {
    report: {
      total: 40 + grown,
      failed: 2,
      wait: {
        buckets: [
          { le: 0.1, count: 30 + grown },
          { le: 1, count: 39 + grown },
        ],
        sum: 12.5,
        count: 40 + grown,
      },
    },
    start: { total: 4, failed: 0, wait: { buckets: [{ le: null, count: 4 }], sum: 0.2, count: 4 } },
  },
  pool: { total: 20, idle: 13, waiting: 3, max: 20 },
});

/** `grown` is asked for each answer: nothing by default. */
export async function startFakeMes(grown: () => number = () => 0): Promise<FakeMes> {
  let answer: FakeMes['answer'] = 'well';
  const server: ListeningServer = await listen(
    (request, response) => {
      if (answer === 'silent') return;
      if (request.url === '/-/healthy') response.writeHead(answer === 'well' ? 200 : 503).end('ok');
      else if (request.url === '/-/stats') response.end(JSON.stringify(fakeStats(grown())));
      else response.writeHead(404).end();
    },
    { host: '127.0.0.1', port: 0 },
  );
  return {
    url: server.url,
    get answer() {
      return answer;
    },
    set answer(next) {
      answer = next;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
