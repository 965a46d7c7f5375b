import { comparisonOf } from '../../kit/comparison.ts';
import type { Probe } from '../schema.ts';
import { askProbe, type ProbeDeps, type ProbeResult } from './probe.ts';

/** Asks every probe of the steady state at once. */
export function askHypothesis(
  probes: readonly Probe[],
  deps: ProbeDeps,
  signal?: AbortSignal,
): Promise<ProbeResult[]> {
  return Promise.all(probes.map((probe) => askProbe(probe, deps, signal)));
}

export const holds = (results: readonly ProbeResult[]): boolean => results.every((result) => result.ok);

/** Keeps, of all answers given while a fault was in, the worst of each probe. */
export class WorstAnswers {
  readonly #worst = new Map<string, ProbeResult>();

  add(results: readonly ProbeResult[]): void {
    for (const result of results) {
      const known = this.#worst.get(result.name);
      if (!known || isWorse(result, known)) this.#worst.set(result.name, result);
    }
  }

  results(): ProbeResult[] {
    return [...this.#worst.values()];
  }
}

/** No answer is worst; then what does not meet the expectation; among equals, the value further on the bad side. */
function isWorse(a: ProbeResult, b: ProbeResult): boolean {
  if (a.value === null || b.value === null) return b.value !== null;
  if (a.ok !== b.ok) return b.ok;
  return comparisonOf(a.expect).lowIsBad ? a.value < b.value : a.value > b.value;
}
