import type { ScrapeRun, Step } from '../collector.ts';

/** A run outside of any collector, for tests of what a collector would call; it can be ended at any time. */
export interface TestRun extends ScrapeRun {
  readonly steps: readonly Step[];
  end(): void;
}

export function startRun(limitMs = 3000): TestRun {
  const end = performance.now() + limitMs;
  const controller = new AbortController();
  const limit = AbortSignal.any([controller.signal, AbortSignal.timeout(limitMs)]);
  const steps: Step[] = [];
  return {
    signal: limit,
    steps,
    remainingMs: () => Math.max(0, end - performance.now()),
    async step(what, work) {
      steps.push({ what, ms: 0 });
      return await work();
    },
    end: () => controller.abort(),
  };
}
