import { UsageError } from '../../kit/errors.ts';
import { closest } from '../../kit/spelling.ts';
import type { Fault } from '../fault.ts';
import { dbLock } from './db-lock.ts';
import { load } from './load.ts';
import { networkCut } from './network-cut.ts';

/** Every fault there is. A new one is one file in this folder and one line here. */
export const faults: readonly Fault[] = [dbLock, load, networkCut];

/** The fault of that kind; throws UsageError when there is none. */
export function faultOf(kind: string): Fault {
  const fault = faults.find((known) => known.kind === kind);
  if (fault) return fault;
  const kinds = faults.map((known) => known.kind);
  const near = closest(kind, kinds);
  throw new UsageError('fault.unknown', `no fault is called "${kind}"`, {
    mend: near ? `Did you mean "${near}"?` : `There are: ${kinds.join(', ')}`,
  });
}
