import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { targetsSchema } from '../../kit/targets.ts';
import type { Collector } from '../collector.ts';
import { type CollectorResult, CollectorRun } from '../collector-run.ts';
import { exporterSection } from '../config.ts';
import { DatabaseSessions } from '../databases/sessions.ts';
import type { CollectorKind } from '../exporter-setup.ts';
import { expositionText } from '../exposition.ts';
import { parseMetrics } from './metrics-text.ts';

/** What andon.yaml would say under `targets:` and `exporter:`. */
export interface TestConfig {
  targets: Record<string, unknown>;
  exporter?: Record<string, unknown>;
}

/** The collectors of one kind, made as the exporter makes them; leaving the scope disposes them and their connections. */
export class TestCollectors implements Disposable {
  readonly all: readonly Collector[];
  readonly #sessions = new DatabaseSessions();

  constructor(kind: CollectorKind, { targets, exporter = {} }: TestConfig) {
    this.all = kind({
      config: exporterSection.parse(exporter),
      targets: targetsSchema.parse(targets),
      sessions: this.#sessions,
      fetch,
      clock: systemClock,
      log: silentLog,
    });
  }

  /** The first collector, or the one of this name. */
  get(name?: string): Collector {
    const found = this.all.find((collector) => name === undefined || collector.name === name);
    if (!found) throw new Error(`no collector "${name}" among ${this.all.map((one) => one.name).join(', ')}`);
    return found;
  }

  [Symbol.dispose](): void {
    for (const collector of this.all) collector[Symbol.dispose]();
    this.#sessions[Symbol.dispose]();
  }
}

/** What one run found: series as the text says, without those about the collector itself unless `own`. */
export interface FoundMetrics extends Omit<CollectorResult, 'samples'> {
  found: Map<string, number>;
  text: string;
}

/** One run of a collector, as a scrape makes it. */
export async function collectOnce(collector: Collector, limitMs = 10_000): Promise<FoundMetrics> {
  const run = new CollectorRun(collector, 200_000, systemClock, silentLog);
  const { samples, ...rest } = await run.run(limitMs);
  const own = 'mes_exporter_';
  const text = await expositionText(samples.filter(({ series }) => !series.metric.name.startsWith(own)));
  return { ...rest, text, found: parseMetrics(text) };
}
