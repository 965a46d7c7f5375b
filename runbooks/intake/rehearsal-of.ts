import type { Targets } from '../../kit/targets.ts';
import type { Runbook } from '../schema/runbook.ts';
import type { Rehearsal } from '../store/proofs.ts';

/** What a run works on: its own target, and the names of all that its steps change. */
export interface RehearsedOn {
  target: string | null;
  names: readonly string[];
}

/**
 * The drill whose rehearsal covers a run: it has confirmed every production target of the run; and where the alert has chosen the
 * target, it is one that the drill is about. What the runbook's file names is the same for every alert.
 */
export function rehearsalOf(
  runbook: Runbook,
  { target, names }: RehearsedOn,
  rehearsals: readonly Rehearsal[],
  targets: Targets,
): Rehearsal | undefined {
  const isChosen = typeof runbook.target === 'object';
  return rehearsals.find((rehearsal) => {
    const { production, targets: about } = rehearsal;
    const isAbout = !isChosen || about === null || (target !== null && about.includes(target));
    return isAbout && names.every((name) => !targets[name]?.production || production.includes(name));
  });
}
