import { z } from 'zod';
import { type Step, untouched } from '../step.ts';

const params = z.strictObject({
  title: z.string().min(1).max(200),
  text: z.string().min(1).max(4000),
  /** A comes before everything else and is repeated until somebody sees to it. */
  tier: z.enum(['A', 'B', 'C']).default('B'),
});
type Params = z.output<typeof params>;

/** Tells people. */
export const notify: Step<Params> = {
  kind: 'notify',
  summary: 'tell people what was done, or what they must do',
  params,
  targets: [],
  placeholders: { tier: 'refused' },
  // There is one message for each step of a run, however often it is put on the disk.
  repeatable: () => true,
  plan: ({ title, text, tier }) => [
    { does: `tell people: ${title}: ${text}`, on: `who is told of tier ${tier}`, undo: 'none: it was read' },
  ],
  async run({ title, text, tier }, world, signal) {
    signal.throwIfAborted();
    world.tellPeople({ title, text, tier });
    return untouched('succeeded', `people are told: ${title}`, { title, tier });
  },
};
