/** How far the spells of a rhythm differ from their usual length: by up to this share, the same each time for one seed. */
export interface Spread {
  ratio: number;
  seed: number;
}

/** The lengths of spells, one after the other: `ms` each, or at random around it. Pure: one seed, one sequence. */
export function spellLengths(spread: Spread | undefined): (ms: number) => number {
  if (spread === undefined) return (ms) => ms;
  const random = mulberry32(spread.seed);
  return (ms) => Math.round(ms * (1 + spread.ratio * (2 * random() - 1)));
}

/** A small generator of evenly distributed numbers from 0 to 1, by Tommy Ettinger; enough for irregularity, not for secrets. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
