import type { Facts } from '../expectations.ts';
import { list, seconds } from '../numbers.ts';
import type { Finding } from '../schema.ts';

/** Faults that touched nothing or left something behind, a plant that was sick before, and one that was slow to get well. */
export function faultFindings(facts: Facts): Finding[] {
  return [...residue(facts), ...vacuous(facts), ...sickBefore(facts), ...slowRecovery(facts)];
}

const residue = ({ faults }: Facts): Finding[] =>
  faults
    .filter((fault) => fault.residue.length > 0)
    .map(({ kind, target, residue: left }) => ({
      severity: 'critical',
      text: `${kind} on ${target} left something behind: ${left.join('; ')}.`,
      cause: 'Its undo did not get through.',
      fix: 'Run `andon drill clean`. What it cannot undo, it names with the command to undo it by hand. Hold no other drill before.',
    }));

const vacuous = ({ faults }: Facts): Finding[] =>
  faults
    .filter(({ touched, injectedAt }) => touched === 0 && injectedAt !== null)
    .map(({ kind, target }) => ({
      severity: 'critical',
      text: `${kind} on ${target} touched nothing: no session, connection or request met it. The drill proved nothing.`,
      cause: 'The fault went past the plant’s traffic, or there was none.',
      fix: `Check that targets.${target} is what the plant really uses, that the fault’s parameters name what is in use, and that work is going on.`,
    }));

const missedProbes = (results: Facts['hypothesis']['before']): string =>
  list(
    results
      .filter(({ ok }) => !ok)
      .map(({ name, value, expect }) => `“${name}” was ${value ?? 'unknown'} (expected ${expect})`),
  );

function sickBefore({ hypothesis }: Facts): Finding[] {
  const missed = missedProbes(hypothesis.before);
  if (missed === '') return [];
  return [
    {
      severity: 'critical',
      text: `The plant was not in its steady state before the fault: ${missed}.`,
      cause: 'Something else was wrong already.',
      fix: 'Heal that first and drill again: a drill on a sick plant proves nothing.',
    },
  ];
}

function slowRecovery({ recovery, hypothesis, faults }: Facts): Finding[] {
  if (recovery.ok || !faults.some(({ injectedAt }) => injectedAt !== null)) return [];
  const missed = missedProbes(hypothesis.after);
  const limit = seconds(recovery.limitSeconds);
  const text =
    recovery.seconds === null
      ? `The steady state did not come back within ${limit} of healing${missed === '' ? '' : `: ${missed}`}.`
      : `The steady state came back ${seconds(recovery.seconds)} after healing; the limit is ${limit}.`;
  return [
    {
      severity: 'critical',
      text,
      cause: 'Work that had piled up, connections that were not renewed, or retries that wait too long.',
      fix: 'Look which figure came back last in the plots. Shorten reconnect and retry pauses, cap the backlog that is replayed at once, and check that pools replace dead connections.',
    },
  ];
}
