import { z } from 'zod';
import { duration, promDuration } from '../../kit/duration.ts';
import { messageOf } from '../../kit/errors.ts';
import { peopleRole } from '../people/people.ts';
import { type Decision, type Step, type StepResult, untouched } from '../step.ts';

const params = z.strictObject({
  /** What people are asked, as a whole question. */
  question: z.string().min(1).max(2000),
  /** Whoever has one of these may answer. */
  roles: z.array(peopleRole).min(1),
  /** Without an answer until then it counts as no. */
  expires: duration.prefault('10m'),
});
type Params = z.output<typeof params>;

/** People read for minutes: half a second is no wait for them. */
const everyMs = 500;
/** Who keeps the question ends it; where that fails, we do so this much later. */
const graceMs = 5000;

/** Goes on only when a person agrees. */
export const approve: Step<Params> = {
  kind: 'approve',
  summary: 'ask people of some roles, and go on only when one of them agrees',
  params,
  targets: [],
  placeholders: { roles: 'refused', expires: 'refused' },
  // The question is asked once, however often this is begun: after a crash it is the same one.
  repeatable: () => true,
  waitsMs: ({ expires }) => expires + graceMs,
  plan: ({ question, roles, expires }) => [
    {
      does: `ask and wait up to ${promDuration(expires)} for a yes: ${question}`,
      on: `people: ${roles.join(', ')}`,
      undo: 'none needed: nothing is changed',
    },
  ],
  async run({ question, roles, expires }, { askPeople, clock }, signal) {
    const end = clock.now() + expires + graceMs;
    const asked = { text: question, roles, expiresMs: expires };
    try {
      for (;;) {
        signal.throwIfAborted();
        const decision = askPeople(asked);
        if (decision) return resultOf(decision, { roles, expires });
        if (clock.now() >= end) return resultOf({ decision: 'expired', by: '' }, { roles, expires });
        await clock.sleep(everyMs, signal);
      }
    } catch (error) {
      return untouched('failed', `nobody had answered yet: ${messageOf(error)}`);
    }
  },
};

function resultOf(
  { decision, by }: Decision,
  { roles, expires }: Pick<Params, 'roles' | 'expires'>,
): StepResult {
  switch (decision) {
    case 'approved':
      return untouched('succeeded', `${by} agreed`, { decision, by });
    case 'rejected':
      return untouched('refused', `${by} said no`, { decision, by });
    case 'expired':
      return untouched('refused', `nobody of ${roles.join(', ')} agreed within ${promDuration(expires)}`, {
        decision,
      });
  }
}
