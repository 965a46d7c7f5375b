/** One figure and what it should be at most. */
export interface Measurement {
  what: string;
  value: number;
  unit: string;
  /** At most this; undefined where the figure only explains another one. */
  target?: number;
}

export function printTable(results: readonly Measurement[], out: { write(text: string): unknown }): void {
  for (const { what, value, unit, target } of results) {
    const verdict =
      target === undefined ? '' : value <= target ? `at most ${target}: yes` : `at most ${target}: NO`;
    out.write(`${what.padEnd(52)} ${value.toFixed(3).padStart(10)} ${unit.padEnd(6)} ${verdict}\n`);
  }
}
