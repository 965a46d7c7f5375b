import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Acknowledgement } from './acknowledgements.ts';
import { lineStopSeconds, reconcile, type SystemRecords } from './reconcile.ts';

const ack = (seq: number, at = seq * 1000, line = 'L1'): Acknowledgement => ({
  op: `${line}-${seq}`,
  source: line,
  line,
  seq,
  at,
});
const held = (name: string, seqs: readonly number[], current?: number): SystemRecords => ({
  name,
  operations: seqs.map((seq, position) => ({ op: `L1-${seq}`, source: 'L1', seq, position })),
  current: current === undefined ? undefined : [{ source: 'L1', seq: current }],
});

describe('The production ledger', () => {
  it('finds nothing wrong where everything arrived once and in order.', () => {
    const result = reconcile([ack(1), ack(2)], [held('mes', [1, 2], 2), held('erp', [1, 2])]);
    expect(result).toMatchObject({
      acknowledged: 2,
      applied: 2,
      lost: 0,
      duplicated: 0,
      stale: 0,
      outOfOrder: 0,
      examples: [],
    });
  });

  it('counts an operation that one system does not hold as lost, and says where.', () => {
    const result = reconcile([ack(1), ack(2)], [held('mes', [1, 2]), held('erp', [1])]);
    expect(result).toMatchObject({
      applied: 1,
      lost: 1,
      examples: [{ problem: 'lost', operation: 'L1-2', system: 'erp' }],
    });
  });

  it('counts an operation that was applied twice as duplicated, even if nobody had it acknowledged.', () => {
    expect(reconcile([], [held('wms', [1, 1])])).toMatchObject({ duplicated: 1 });
  });

  it('counts a source whose shown state is older than its last acknowledgement as stale.', () => {
    expect(reconcile([ack(1), ack(2)], [held('mes', [1, 2], 1)])).toMatchObject({ stale: 1, lost: 0 });
  });

  it('counts operations that were applied after a later one of their source.', () => {
    expect(reconcile([], [held('mes', [1, 3, 2, 4])])).toMatchObject({ outOfOrder: 1 });
  });

  it('finds exactly what was dropped and repeated, whatever that is.', () => {
    const outcome = fc.constantFrom('kept', 'dropped', 'doubled');
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 60 }), (outcomes) => {
        const seqs = outcomes.flatMap((what, seq) =>
          what === 'dropped' ? [] : what === 'doubled' ? [seq, seq] : [seq],
        );
        const result = reconcile(
          outcomes.map((_, seq) => ack(seq)),
          [held('mes', seqs)],
        );
        expect(result.lost).toBe(outcomes.filter((what) => what === 'dropped').length);
        expect(result.duplicated).toBe(outcomes.filter((what) => what === 'doubled').length);
        expect(result.applied + result.lost).toBe(outcomes.length);
      }),
    );
  });

  it('adds up the gaps of a line that are longer than the limit.', () => {
    const acks = [ack(1, 1000), ack(2, 2000), ack(3, 25_000), ack(4, 26_000)];
    expect(lineStopSeconds(acks, 27_000, 10_000)).toBe(23);
  });

  it('sees a line that never comes back.', () => {
    const acks = [ack(1, 1000), ack(2, 1500, 'L2'), ack(3, 30_000, 'L2'), ack(4, 59_000, 'L2')];
    expect(lineStopSeconds(acks, 60_000, 50_000)).toBe(59);
  });
});
