import type { Clock } from '../kit/clock.ts';
import { UnavailableError } from '../kit/errors.ts';
import { type ListeningServer, listen } from '../kit/http-server.ts';
import type { Log } from '../kit/log.ts';
import type { Targets } from '../kit/targets.ts';
import { AuditLog, verifyAudit } from './audit.ts';
import { loadCatalog } from './catalog.ts';
import type { RunbooksConfig } from './config.ts';
import { RunbookEngine } from './engine.ts';
import { resolveTarget } from './resolve-target.ts';
import type { RunRecord } from './run.ts';
import type { Runbook } from './schema/runbook.ts';
import type { Step } from './step.ts';
import { shippedSteps } from './steps/registry.ts';
import { RunStore } from './store.ts';
import { webhookApp } from './webhook.ts';

export interface RunbookServiceOptions {
  config: RunbooksConfig;
  targets: Targets;
  clock: Clock;
  log: Log;
  /** The catalogue when left out: the shipped runbooks and those of `config.folder`. */
  runbooks?: readonly Runbook[];
  steps?: readonly Step[];
}

/** A running runbook service; leaving its scope stops what it is doing and hands it off. */
export interface RunbookService extends ListeningServer {
  /** Runs received since then (Unix milliseconds), oldest first. */
  runs(since?: number): RunRecord[];
}

/** Listens for Alertmanager and carries out runbooks. Throws when the catalogue or the audit log is not in order. */
export async function startRunbookService(options: RunbookServiceOptions): Promise<RunbookService> {
  const { config, targets, clock, log, steps = shippedSteps } = options;
  const runbooks =
    options.runbooks ?? loadCatalog({ folder: config.folder, steps }).map(({ runbook }) => runbook);
  demandAudit(config.audit);
  warnOfMissingTargets(runbooks, targets, steps, log);
  const { token, snapshots } = config;
  await using opened = new AsyncDisposableStack();
  const store = opened.use(new RunStore(config.store));
  const audit = opened.use(new AuditLog(config.audit, clock));
  const engine = opened.use(
    new RunbookEngine({ store, audit, runbooks, targets, snapshots, steps, clock, log }),
  );
  const server = opened.use(
    await listen(webhookApp({ engine, store, audit, token, clock, log }), config.listen),
  );
  const owned = opened.move();
  return {
    host: server.host,
    port: server.port,
    url: server.url,
    runs: (since = 0) => store.runs(since),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function demandAudit(file: string): void {
  const verdict = verifyAudit(file);
  if (verdict.ok) return;
  throw new UnavailableError('runbook.audit-broken', `the audit log ${file}: ${verdict.problem}`, {
    mend: `Find out who changed it; then move ${file} and ${file}.head.sqlite* away together, and a new log begins.`,
  });
}

/** A shipped runbook for a system that this plant does not have is no mistake, but its silence must not surprise. */
function warnOfMissingTargets(
  runbooks: readonly Runbook[],
  targets: Targets,
  steps: readonly Step[],
  log: Log,
): void {
  for (const runbook of runbooks) {
    if (runbook.mode !== 'auto' || typeof runbook.target !== 'string') continue;
    const resolved = resolveTarget(runbook, {}, targets, steps);
    if ('problem' in resolved)
      log.warn({ runbook: runbook.id, problem: resolved.problem }, 'runbook cannot act');
  }
}
