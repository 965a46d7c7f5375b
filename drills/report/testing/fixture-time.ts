/** When the drills of the fixtures began. */
export const fixtureStartMs = Date.parse('2026-11-22T09:30:00.000Z');

/** ISO time, seconds after the fixture's begin. */
export const at = (seconds: number): string => new Date(fixtureStartMs + seconds * 1000).toISOString();

/** Points of a figure, every `step` seconds. */
export function plot(
  until: number,
  step: number,
  value: (second: number, index: number) => number,
): [number, number][] {
  return Array.from({ length: Math.floor(until / step) + 1 }, (_, index) => [
    fixtureStartMs / 1000 + index * step,
    Number(value(index * step, index).toFixed(3)),
  ]);
}

/** The eight stages, by the second at which each begins. */
export function stages(begins: readonly number[], end: number) {
  const names = ['preflight', 'baseline', 'fault', 'heal', 'recovery', 'reconcile', 'verdict'];
  return names.map((name, index) => ({
    name,
    startedAt: at(begins[index] ?? end),
    finishedAt: at(begins[index + 1] ?? end),
  }));
}

/** A little noise that is the same every time. */
export const wobble = (index: number): number =>
  Math.sin(index * 12.9898) * 0.5 + Math.sin(index * 4.1) * 0.5;
