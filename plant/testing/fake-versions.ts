import { once } from 'node:events';
import { listen } from '../../kit/http-server.ts';
import { waitFor } from '../../kit/wait.ts';
import { callMes, type MesAnswer } from '../mes-client.ts';
import type { StartVersion, VersionProcess } from '../router/candidate.ts';
import { type RunningRouter, startRouter } from '../router/router.ts';
import { routerSettingsSchema } from '../settings.ts';
import { testContext } from './test-mes.ts';

/** A version of a MES that says which it is, fails when told, and counts like one. */
export interface FakeVersion extends VersionProcess {
  readonly version: string;
  /** What changes are answered; `hang` for no answer until `let go`. */
  answer: number | 'hang';
  letGo(): void;
  /** As a crash: connections break, and `exited` resolves. */
  crash(): Promise<void>;
  total: number;
}

export async function startFakeVersion(version: string): Promise<FakeVersion> {
  const exited = Promise.withResolvers<void>();
  const waiting: (() => void)[] = [];
  const server = await listen(
    async (request, response) => {
      const end = (status: number, body: object) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      };
      if (request.url === '/-/stats') {
        const wait = { buckets: [{ le: 1, count: fake.total }], sum: fake.total, count: fake.total };
        const operations = { report: { total: fake.total, failed: 0, wait } };
        return end(200, { operations, pool: { total: 4, idle: 4, waiting: 0, max: 4 } });
      }
      let bytes = 0;
      for await (const chunk of request) bytes += (chunk as Buffer).length;
      if (request.method === 'POST') fake.total++;
      if (fake.answer === 'hang') await new Promise<void>((resolve) => waiting.push(resolve));
      end(typeof fake.answer === 'number' ? fake.answer : 200, { version, bytes, path: request.url });
    },
    { host: '127.0.0.1', port: 0 },
  );
  const stop = async () => {
    for (const go of waiting.splice(0)) go();
    await server[Symbol.asyncDispose]();
    exited.resolve();
  };
  const fake: FakeVersion = {
    version,
    url: server.url,
    exited: exited.promise,
    answer: 200,
    total: 0,
    letGo: () => {
      for (const go of waiting.splice(0)) go();
    },
    async crash() {
      await server[Symbol.asyncDispose]();
      exited.resolve();
    },
    [Symbol.asyncDispose]: stop,
  };
  return fake;
}

/** A router before fake versions. */
export interface TestRouter extends AsyncDisposable {
  readonly router: RunningRouter;
  readonly stable: FakeVersion;
  /** The versions that were started, the last one last. */
  readonly started: FakeVersion[];
  /** Starts wait until this is called. */
  holdStarts(): () => void;
  control(
    method: string,
    path: string,
    body?: object,
    token?: string,
  ): Promise<{ status: number; body: RouterBody }>;
  /** What a terminal is answered. */
  ask(terminal: string, method?: 'GET' | 'POST'): Promise<MesAnswer>;
  /** The version that a terminal gets. */
  versionOf(terminal?: string): Promise<string>;
  state(): Promise<RouterBody>;
  /** Puts a version on trial: 2.0 of the holder `me` for everybody, unless told otherwise. Where it is taken, returns when it serves. */
  deploy(wish?: object): Promise<{ status: number; body: RouterBody }>;
}

export interface TestRouterOptions {
  /** Where it keeps what was promoted. */
  stateFile?: string;
  /** Versions that do not start. */
  broken?: readonly string[];
}

/** What the router says of itself, as far as tests look. */
export interface RouterBody {
  stable: { version: string; promotedAt: string | null; requests: Record<string, number> };
  before: { version: string } | null;
  candidate: {
    version: string;
    state: string;
    share: number;
    holder: string;
    requests: Record<string, number>;
  } | null;
  leaving: object[];
  lastCandidate: {
    version: string;
    holder: string;
    by: string;
    operation: string | null;
    requests: Record<string, number>;
  } | null;
  error?: { code: string; message: string; endedBy?: string };
}

export const routerToken = 'router-token';

export async function startTestRouter({
  stateFile,
  broken = [],
}: TestRouterOptions = {}): Promise<TestRouter> {
  const stack = new AsyncDisposableStack();
  const stable = stack.use(await startFakeVersion('stable'));
  const started: FakeVersion[] = [];
  let gate = Promise.resolve();
  const start: StartVersion = async ({ version }, signal) => {
    await Promise.race([gate, once(signal, 'abort')]);
    signal.throwIfAborted();
    if (broken.includes(version)) throw new Error(`${version} is broken`);
    const fake = stack.use(await startFakeVersion(version));
    started.push(fake);
    return fake;
  };
  const settings = {
    control_token: routerToken,
    stable: { url: stable.url },
    mes_settings: '-',
    folder: '-',
    log_folder: '-',
    ...(stateFile === undefined ? {} : { state_file: stateFile }),
  };
  const router = stack.use(await startRouter(routerSettingsSchema.parse(settings), testContext, start));
  const control: TestRouter['control'] = async (method, path, body, token = routerToken) => {
    const response = await fetch(`${router.control}${path}`, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, body: (await response.json()) as RouterBody };
  };
  const ask: TestRouter['ask'] = (terminal, method = 'POST') =>
    callMes(
      { url: router.url, token: 'anybody' },
      {
        ...{ method, path: '/operations', terminal, timeoutMs: 20_000 },
        ...(method === 'POST' ? { body: {} } : {}),
      },
    );
  const state = async () => (await control('GET', '/release')).body;
  return {
    router,
    stable,
    started,
    holdStarts() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    control,
    ask,
    state,
    versionOf: async (terminal = 'T') => ((await ask(terminal)).body as { version: string }).version,
    async deploy(wish = {}) {
      const body = { version: '2.0', holder: 'me', share: 1, ...wish };
      const answer = await control('PUT', '/release/candidate', body);
      const serves = async () => (await state()).candidate?.state === 'serving';
      if (answer.status === 200)
        await waitFor(serves, { what: 'the candidate', timeoutMs: 20_000, everyMs: 10 });
      return answer;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
