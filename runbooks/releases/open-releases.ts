import type { Clock } from '../../kit/clock.ts';
import { UsageError } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import type { Targets } from '../../kit/targets.ts';
import type { RunbooksConfig } from '../config.ts';
import { prometheusNumber } from './prometheus-number.ts';
import { ReleaseStore } from './release-store.ts';
import type { ReleaseWorld } from './release-world.ts';
import { ReleaseWatcher } from './watcher.ts';

export interface OpenReleases {
  config: Pick<RunbooksConfig, 'store' | 'snapshots' | 'releases'>;
  targets: Targets;
  /** Where Prometheus answers. */
  prometheus: string;
  /** Told of everything that happens: `(event, data) => audit.append(event, data)`. */
  record(event: string, data: Record<string, unknown>): void;
  fetch: typeof fetch;
  clock: Clock;
  log: Log;
}

/** The releases of an installation, and what watches them; leaving its scope closes the store. */
export interface Releases extends Disposable {
  world: ReleaseWorld;
  watcher: ReleaseWatcher;
}

/** Opens the releases as andon.yaml has them; throws where it says nothing of them. */
export function openReleases({ config, targets, prometheus, record, log, ...rest }: OpenReleases): Releases {
  if (!config.releases)
    throw new UsageError('release.not-configured', 'andon.yaml does not say how versions are released', {
      mend: 'Add at least: runbooks: {releases: {target: NAME}}, where NAME is a target of kind release',
    });
  const store = new ReleaseStore(config.store);
  const world: ReleaseWorld = {
    store,
    config: config.releases,
    targets,
    snapshots: config.snapshots,
    askPrometheus: prometheusNumber(prometheus, rest.fetch),
    ...rest,
  };
  return {
    world,
    watcher: new ReleaseWatcher({ world, record, log }),
    [Symbol.dispose]: () => store[Symbol.dispose](),
  };
}
