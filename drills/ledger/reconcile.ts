import type { Report } from '../report/schema.ts';
import type { Acknowledgement } from './acknowledgements.ts';

/** What one system holds. */
export interface SystemRecords {
  name: string;
  /** In any order; `position` is the order in which the system applied them. */
  operations: readonly { op: string; source: string; seq: number; position: number }[];
  /** The newest operation the system shows for a source; undefined where it keeps no such thing. */
  current?: readonly { source: string; seq: number }[] | undefined;
}

export type Production = Report['production'];
type Example = Production['examples'][number];
const examplesShown = 20;

/**
 * Compares what was acknowledged with what the systems hold, as Jepsen's set-full and total-queue do:
 * lost = acknowledged but missing somewhere; duplicated = applied more than once somewhere;
 * stale = a source whose shown state is older than its last acknowledged one; out of order = applied after a later one.
 */
export function reconcile(
  acknowledged: readonly Acknowledgement[],
  systems: readonly SystemRecords[],
): Omit<Production, 'lineStopSeconds' | 'ok'> {
  const examples: Example[] = [];
  const lost = new Set<string>();
  const duplicated = new Set<string>();
  const stale = new Set<string>();
  let outOfOrder = 0;
  const found = (problem: string, into: Set<string>, system: string) => (operation: string) => {
    into.add(operation);
    examples.push({ problem, operation, system });
  };
  for (const system of systems) {
    const counts = Map.groupBy(system.operations, ({ op }) => op);
    missing(acknowledged, counts).forEach(found('lost', lost, system.name));
    repeated(counts).forEach(found('duplicated', duplicated, system.name));
    behind(acknowledged, system).forEach(found('stale', stale, system.name));
    outOfOrder += countOutOfOrder(system.operations);
  }
  return {
    acknowledged: acknowledged.length,
    applied: new Set(acknowledged.map(({ op }) => op)).size - lost.size,
    lost: lost.size,
    duplicated: duplicated.size,
    stale: stale.size,
    outOfOrder,
    examples: examples.slice(0, examplesShown),
  };
}

const missing = (acknowledged: readonly Acknowledgement[], counts: ReadonlyMap<string, unknown>): string[] =>
  acknowledged.filter(({ op }) => !counts.has(op)).map(({ op }) => op);

const repeated = (counts: ReadonlyMap<string, readonly unknown[]>): string[] =>
  [...counts].filter(([, rows]) => rows.length > 1).map(([op]) => op);

function behind(acknowledged: readonly Acknowledgement[], system: SystemRecords): string[] {
  if (!system.current) return [];
  const shown = new Map(system.current.map(({ source, seq }) => [source, seq]));
  const newest = new Map<string, Acknowledgement>();
  for (const ack of acknowledged) {
    if (ack.seq >= (newest.get(ack.source)?.seq ?? Number.NEGATIVE_INFINITY)) newest.set(ack.source, ack);
  }
  return [...newest.values()]
    .filter(({ source, seq }) => (shown.get(source) ?? Number.NEGATIVE_INFINITY) < seq)
    .map(({ op }) => op);
}

function countOutOfOrder(operations: SystemRecords['operations']): number {
  const highest = new Map<string, number>();
  let count = 0;
  for (const { source, seq } of operations.toSorted((a, b) => a.position - b.position)) {
    const known = highest.get(source) ?? Number.NEGATIVE_INFINITY;
    if (seq < known) count += 1;
    else highest.set(source, seq);
  }
  return count;
}

/**
 * How long lines stood: for each line, the whole of every gap between two acknowledgements that is longer than the limit,
 * from its first one on. The end of the window counts as an acknowledgement, so that a line that never comes back is seen.
 */
export function lineStopSeconds(
  acknowledged: readonly Acknowledgement[],
  toMs: number,
  stopAfterMs: number,
): number {
  const lines = Map.groupBy(acknowledged, ({ line }) => line);
  let total = 0;
  for (const acks of lines.values()) {
    const times = [...acks.map(({ at }) => at), toMs];
    times.forEach((at, index) => {
      const gap = at - (times[index - 1] ?? at);
      if (gap > stopAfterMs) total += gap;
    });
  }
  return total / 1000;
}
