import { redactionOf } from '../exporters/web/redaction.ts';
import { StoppedError } from '../kit/errors.ts';
import { type ListeningServer, listen } from '../kit/http-server.ts';
import { RunbookEngine } from './engine/engine.ts';
import { type OpenRunbooks, openRunbooks, type RunbookOptions } from './open-runbooks.ts';
import { Messenger } from './people/messenger.ts';
import { openReleases } from './releases/open-releases.ts';
import { tellOfRelease } from './releases/tell-of-release.ts';
import { resolveTarget } from './resolve-target.ts';
import { actsByItself } from './schema/mode.ts';
import { brokenOffRollbacks } from './snapshots/interrupted.ts';
import type { RunRecord } from './store/run.ts';
import { runbookApp } from './web/app.ts';

/** A running runbook service; leaving its scope stops what it is doing, takes it back and hands it off. */
export interface RunbookService extends ListeningServer {
  /** Runs received since then (Unix milliseconds), oldest first. */
  runs(since?: number): RunRecord[];
}

/** Listens for Alertmanager and carries out runbooks. Throws when the catalogue or the audit log is not in order. */
export async function startRunbookService(options: RunbookOptions): Promise<RunbookService> {
  await using opened = new AsyncDisposableStack();
  const open = opened.use(openRunbooks(options));
  warnOfMissingTargets(open);
  warnOfBrokenOff(open);
  const engine = opened.use(new RunbookEngine(open));
  const { config, targets, prometheus } = options;
  const redact = redactionOf({ config, targets, prometheus });
  opened.use(new Messenger({ ...config, ...open, redact }));
  if (config.releases) opened.use(watchReleases(options, open));
  const app = runbookApp({ ...open, engine, config, redact });
  const server = opened.use(await listen(app, config.listen));
  const owned = opened.move();
  return {
    host: server.host,
    port: server.port,
    url: server.url,
    runs: (since = 0) => open.store.runs(since),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Looks after the releases until it is disposed of. */
function watchReleases(options: RunbookOptions, { audit, store, clock }: OpenRunbooks): AsyncDisposable {
  const record = (event: string, data: Record<string, unknown>) => {
    audit.append(event, data);
    tellOfRelease(store, event, data, clock.now());
  };
  const releases = openReleases({ ...options, record });
  const stop = new AbortController();
  const watching = releases.watcher.run(stop.signal);
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort(new StoppedError('runbook.stopped', 'the runbook service was stopped'));
      await watching;
      releases[Symbol.dispose]();
    },
  };
}

/** A shipped runbook for a system that this plant does not have is no mistake, but its silence must not surprise. */
function warnOfMissingTargets({ runbooks, targets, steps, log }: OpenRunbooks): void {
  for (const runbook of runbooks) {
    if (!actsByItself(runbook.mode) || typeof runbook.target === 'object') continue;
    const resolved = resolveTarget(runbook, {}, targets, steps);
    if ('problem' in resolved)
      log.warn({ runbook: runbook.id, problem: resolved.problem }, 'runbook cannot act');
  }
}

/** Whoever killed it may be gone: the page says so as well, for as long as it is so. */
function warnOfBrokenOff({ snapshots, log }: OpenRunbooks): void {
  for (const { set, what, mend } of brokenOffRollbacks(snapshots)) log.error({ set, mend }, what);
}
