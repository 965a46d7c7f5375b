import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../kit/clock.ts';
import { silentLog } from '../../../kit/log.ts';
import { routeSchema } from '../routes.ts';
import { type NotifyServiceOptions, startNotifyService } from '../service.ts';

/** What Alertmanager sends to the notifiers of tests. */
export const testToken = 'a-token-of-some-length';

/** A real notifier on a free port, in a folder of its own. */
export interface RunningNotifier extends AsyncDisposable {
  readonly url: string;
  readonly store: string;
  /** Posts a webhook; `body` as it is when it is text. */
  post(body: unknown, authorization?: string): Promise<Response>;
  /** All samples of /metrics, by name and labels. */
  metrics(): Promise<Map<string, number>>;
}

export async function startTestNotifier(
  options: Partial<Omit<NotifyServiceOptions, 'routes'>> & Pick<NotifyServiceOptions, 'contacts'>,
  routes: readonly unknown[] = [],
): Promise<RunningNotifier> {
  const folder = mkdtempSync(path.join(tmpdir(), 'andon-notify-'));
  await using opened = new AsyncDisposableStack();
  opened.defer(() => rmSync(folder, { recursive: true }));
  const store = path.join(folder, 'notify.sqlite');
  const service = opened.use(
    await startNotifyService({
      listen: { host: '127.0.0.1', port: 0 },
      token: testToken,
      store,
      routes: routes.map((route) => routeSchema.parse(route)),
      heartbeat: { alert: 'Watchdog', silentAfterMs: 120_000, receivers: [] },
      maxAgeMs: 86_400_000,
      keepMs: 30 * 86_400_000,
      clock: systemClock,
      log: silentLog,
      ...options,
    }),
  );
  const owned = opened.move();
  return {
    url: service.url,
    store: options.store ?? store,
    post: (body, authorization = `Bearer ${testToken}`) =>
      fetch(`${service.url}/alertmanager`, {
        method: 'POST',
        headers: { authorization },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    metrics: async () => samplesIn(await (await fetch(`${service.url}/metrics`)).text()),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Prometheus' text as a map. */
export const samplesIn = (text: string): Map<string, number> =>
  new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
