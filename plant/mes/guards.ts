import type { GuardName, State } from './transitions.ts';

/** What the guards look at: the order, its predecessor, the unit, and the reason that was given. */
export interface GuardFacts {
  orderId: string;
  materialReady: boolean;
  reported: number;
  good: number;
  scrap: number;
  rework: number;
  predecessor: string | null;
  predecessorState: State | null;
  unit: string | null;
  unitStatus: 'idle' | 'busy' | null;
  unitOrder: string | null;
  unitFresh: boolean;
  /** A device of the unit that is out of dispatch. */
  quarantined: string | null;
  reason: string | undefined;
}

type Guard = (facts: GuardFacts) => string | undefined;

const guards: Record<GuardName, Guard> = {
  'predecessor-done': ({ predecessor, predecessorState }) =>
    predecessor === null || predecessorState === 'completed' || predecessorState === 'closed'
      ? undefined
      : `its predecessor ${predecessor} is not done`,
  'material-present': ({ materialReady }) => (materialReady ? undefined : 'its material is not in place'),
  'unit-idle': ({ unit, unitStatus }) => (unitStatus === 'busy' ? `work unit ${unit} is busy` : undefined),
  'unit-fresh': ({ unit, unitFresh }) =>
    unitFresh ? undefined : `nothing was heard from the devices of work unit ${unit} lately`,
  'unit-in-dispatch': ({ unit, quarantined }) =>
    quarantined === null ? undefined : `device ${quarantined} of work unit ${unit} is in quarantine`,
  'unit-free': ({ orderId, unit, unitStatus, unitOrder }) =>
    unitStatus === 'busy' && unitOrder !== orderId ? `work unit ${unit} has order ${unitOrder}` : undefined,
  'reason-given': ({ reason }) =>
    reason === undefined || reason.trim() === '' ? 'a reason is required' : undefined,
  'quantities-agree': ({ reported, good, scrap, rework }) =>
    good + scrap + rework === reported
      ? undefined
      : `good ${good} + scrap ${scrap} + rework ${rework} is not the reported ${reported}`,
};

/** Why a guard forbids it, or undefined when all hold. */
export function forbiddenBy(
  names: readonly GuardName[],
  facts: GuardFacts,
): { guard: GuardName; why: string } | undefined {
  for (const guard of names) {
    const why = guards[guard](facts);
    if (why !== undefined) return { guard, why };
  }
  return undefined;
}
