import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageSequence } from './sequence.ts';

const numbered = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => (first + index) % 256);

/** A sequence that expects `first` next. */
function expecting(first: number): MessageSequence<number> {
  const sequence = new MessageSequence<number>();
  sequence.restart((first + 255) % 256);
  return sequence;
}

const acceptAll = (sequence: MessageSequence<number>, seqs: readonly number[]) =>
  seqs.flatMap((seq) => sequence.accept(seq, seq, 0));

describe('the sequence of an edge node', () => {
  it('goes on with 0 after 255', () => {
    const sequence = expecting(250);
    expect(acceptAll(sequence, numbered(250, 10))).toEqual(numbered(250, 10));
    expect(sequence.waitingSinceMs).toBeUndefined();
  });

  it('waits for a missing message from the first that came behind it, and for the next one anew', () => {
    const sequence = expecting(10);
    expect(sequence.accept(11, 11, 1000)).toEqual([]);
    expect(sequence.accept(13, 13, 1500)).toEqual([]);
    expect(sequence.waitingSinceMs).toBe(1000);
    expect(sequence.accept(10, 10, 2000)).toEqual([10, 11]);
    expect(sequence.waitingSinceMs).toBe(2000);
    expect(sequence.accept(12, 12, 3000)).toEqual([12, 13]);
    expect(sequence.waitingSinceMs).toBeUndefined();
  });

  it('drops what was given up, should it come after all', () => {
    const sequence = expecting(10);
    acceptAll(sequence, [11]);
    expect(sequence.giveUp()).toEqual({ gaps: 1, ready: [11] });
    expect(acceptAll(sequence, [10, 12])).toEqual([12]);
    expect(sequence.waitingSinceMs).toBeUndefined();
  });

  it('takes the last message again, so that an edge node that does not count is heard', () => {
    expect(acceptAll(expecting(0), [0, 0, 0])).toEqual([0, 0, 0]);
  });

  it('begins anew with a birth, and forgets what waits', () => {
    const sequence = expecting(10);
    acceptAll(sequence, [12]);
    sequence.restart(0);
    expect(sequence.waitingSinceMs).toBeUndefined();
    expect(acceptAll(sequence, [1, 2])).toEqual([1, 2]);
  });

  it('has its fill before the numbers come round again', () => {
    const sequence = expecting(0);
    acceptAll(sequence, numbered(1, 127));
    expect(sequence.isFull).toBe(false);
    acceptAll(sequence, [128]);
    expect(sequence.isFull).toBe(true);
  });

  it('gives every message once and in order, however they are mixed up, and finds no gap', () => {
    const mixed = fc.tuple(fc.nat(255), fc.integer({ min: 1, max: 120 })).chain(([first, count]) =>
      fc.record({
        first: fc.constant(first),
        sent: fc.constant(numbered(first, count)),
        arrived: fc.shuffledSubarray(numbered(first, count), { minLength: count, maxLength: count }),
      }),
    );
    fc.assert(
      fc.property(mixed, ({ first, sent, arrived }) => {
        const sequence = expecting(first);
        expect(acceptAll(sequence, arrived)).toEqual(sent);
        expect(sequence.waitingSinceMs).toBeUndefined();
      }),
    );
  });

  it('counts each run of lost messages as one gap, and gives the rest in order', () => {
    const lossy = fc.record({
      first: fc.nat(255),
      // The last one arrives: without one behind it nobody can see a loss.
      kept: fc.array(fc.boolean(), { minLength: 0, maxLength: 100 }).map((some) => [...some, true]),
    });
    fc.assert(
      fc.property(lossy, ({ first, kept }) => {
        const sequence = expecting(first);
        const arriving = numbered(first, kept.length).filter((_, index) => kept[index]);
        const seen = acceptAll(sequence, arriving);
        const { gaps, ready } = sequence.giveUp();
        expect([...seen, ...ready]).toEqual(arriving);
        const runs = kept.filter((isKept, index) => !isKept && (index === 0 || kept[index - 1])).length;
        expect(gaps).toBe(runs);
      }),
    );
  });
});
