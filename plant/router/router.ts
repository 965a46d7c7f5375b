import { Agent, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { messageOf } from '../../kit/errors.ts';
import { listen } from '../../kit/http-server.ts';
import { within } from '../../kit/wait.ts';
import type { ProcessContext, RunningProcess } from '../run-process.ts';
import type { RouterSettings } from '../settings.ts';
import { SparseLog } from '../sparse-log.ts';
import { identityOf } from './caller-identity.ts';
import type { StartVersion } from './candidate.ts';
import { controlApi } from './control.ts';
import { forward } from './forward.ts';
import { type KeptReleases, ReleaseFile } from './kept-releases.ts';
import { MergedStats } from './merged-stats.ts';
import { Releases } from './releases.ts';
import { versionStarter } from './version-process.ts';

/** Idle connections to the versions that are kept for the next requests. */
const idleConnections = 64;

/** A router that runs, and where it is controlled. */
export interface RunningRouter extends RunningProcess {
  readonly control: string;
}

/**
 * Starts the router before the MES: it takes the requests of all, and passes each on to the version that its caller gets. Without a
 * candidate that is the stable one, always.
 */
export async function startRouter(
  settings: RouterSettings,
  { log, clock, signal }: ProcessContext,
  start: StartVersion = versionStarter(settings),
): Promise<RunningRouter> {
  const sparse = new SparseLog(log, clock);
  const stats = new MergedStats();
  await using stack = new AsyncDisposableStack();
  const agent = new Agent({ keepAlive: true, maxFreeSockets: idleConnections });
  stack.defer(() => agent.destroy());
  const onLeave = stats.leave.bind(stats);
  const file = new ReleaseFile(settings.state_file);
  const releases = stack.use(
    new Releases({ stable: settings.stable, start, clock, log: sparse, file, onLeave }),
  );
  // Versions that die by the same Ctrl-C have not failed.
  signal.addEventListener('abort', () => releases.end(), { once: true });
  // Before anybody is served: who got the promoted version must not get another one meanwhile.
  await within(restore(releases, file, sparse), signal);
  const control = stack.use(
    await listen(controlApi(releases, settings.control_token, sparse), settings.control),
  );
  const server = stack.use(await listen(front(releases, stats, agent), settings.listen));
  log.info({ url: server.url, control: control.url, stable: settings.stable.url }, 'the router is ready');
  const owned = stack.move();
  return { url: server.url, control: control.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** A file that cannot be read must not stop the plant; what follows from it is said. */
async function restore(releases: Releases, file: ReleaseFile, log: SparseLog): Promise<void> {
  let kept: KeptReleases | undefined;
  try {
    kept = file.read();
  } catch (error) {
    log.failure('which version was promoted cannot be read, so everybody gets the first one', error);
  }
  if (kept) await releases.restore(kept);
}

/** Whether the MES is healthy and ready is asked of the stable version: a candidate that is neither is not everybody's. */
function front(releases: Releases, stats: MergedStats, agent: Agent): RequestListener {
  return (request, response) => {
    const { url = '' } = request;
    if (url === '/-/stats') void answerStats(request, response, releases, stats);
    else {
      const served = url.startsWith('/-/') ? releases.stable : releases.versionFor(identityOf(request));
      forward(request, response, served, agent);
    }
  };
}

async function answerStats(
  request: IncomingMessage,
  response: ServerResponse,
  releases: Releases,
  stats: MergedStats,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('the caller has gone')));
  request.resume();
  const [status, body] = await stats.ask(releases, gone.signal).then(
    (answer) => [200, answer] as const,
    (error: unknown) => [503, { error: { code: 'version-down', message: messageOf(error) } }] as const,
  );
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
