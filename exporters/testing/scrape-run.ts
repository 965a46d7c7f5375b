import type { ScrapeRun, Step } from '../collector.ts';

/** A run outside of any collector, for tests of what a collector would call; it can be ended at any time. */
export interface TestRun extends ScrapeRun {
  readonly steps: readonly Step[];
  end(): void;
}

/** With a grace its signal comes so much later than the run says: then it is the server that ends what is asked within it. */
export function startRun(limitMs = 3000, graceMs = 0): TestRun {
  const end = performance.now() + limitMs;
  const controller = new AbortController();
  const limit = AbortSignal.any([controller.signal, AbortSignal.timeout(limitMs + graceMs)]);
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
