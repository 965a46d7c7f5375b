import type { Report } from './schema.ts';

/** A time in which something was broken; Unix milliseconds. */
export interface FaultSpan {
  fromMs: number;
  toMs: number;
}

/** When something was broken, faults that overlap taken together. One that was never lifted lasts to the end. */
export function faultSpans({ faults, run }: Report): FaultSpan[] {
  const single = faults.flatMap(({ injectedAt, liftedAt }) =>
    injectedAt === null
      ? []
      : [{ fromMs: Date.parse(injectedAt), toMs: Date.parse(liftedAt ?? run.finishedAt) }],
  );
  const spans: FaultSpan[] = [];
  for (const span of single.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = spans.at(-1);
    if (last && span.fromMs <= last.toMs) last.toMs = Math.max(last.toMs, span.toMs);
    else spans.push({ ...span });
  }
  return spans;
}
