import { isoTime } from '../../kit/clock.ts';
import { promDuration } from '../../kit/duration.ts';
import { hashOfRunbook, type Runbook } from '../schema/runbook.ts';
import type { Proofs } from '../store/proofs.ts';

/** Whether a runbook may act by itself, and why. */
export interface Trust {
  mayAct: boolean;
  because: string;
}

/** Only what a drill has lately proven, in this very text, acts without a person. */
export function trustIn(runbook: Runbook, proofs: Proofs, now: number): Trust {
  const proof = proofs.last(runbook.id);
  if (!proof) return { mayAct: false, because: 'no drill has proven it yet' };
  const drill = `its last drill, ${proof.drill} at ${isoTime(proof.at)},`;
  if (!proof.passed) return { mayAct: false, because: `${drill} did not pass` };
  if (proof.runbookHash !== hashOfRunbook(runbook))
    return { mayAct: false, because: `${drill} ran another text of it: it was changed since` };
  const age = now - proof.at;
  if (age > runbook.proven_within)
    return { mayAct: false, because: `${drill} is older than ${promDuration(runbook.proven_within)}` };
  return { mayAct: true, because: `${drill} passed` };
}
