import type { Series, Values } from './rule-case.ts';

/** Whether a selector names a counter: by the endings that OpenMetrics keeps for them. */
const isCounter = (selector: string): boolean => /^mes_\w+(_total|_bucket|_count)\b/.test(selector);

/**
 * The same series after a restart of what is measured, so many steps into them: its counters have begun anew and then grown by just
 * as much. Undefined where there is no counter.
 */
export function withCounterReset(series: Series, resetStep: number): Series | undefined {
  const entries = Object.entries(series);
  if (!entries.some(([selector]) => isCounter(selector))) return undefined;
  return Object.fromEntries(
    entries.map(([selector, values]) => [
      selector,
      isCounter(selector) ? restarted(values, resetStep) : values,
    ]),
  );
}

function restarted(values: Values, resetStep: number): Values {
  const before = values[resetStep - 1];
  if (typeof before !== 'number') return values;
  return values.map((value, step) =>
    step < resetStep || typeof value !== 'number' ? value : value - before,
  );
}
