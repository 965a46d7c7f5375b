import { z } from 'zod';
import type { Reverter, UndoOf } from './reverter.ts';
import { serviceOf } from './service-of.ts';

const schema = z.strictObject({ kind: z.literal('process.resume'), target: z.string() });

/** Lets the service behind a `process` or `container` target run again, and sees that nothing of it stands still. */
export const resumeProcess: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ target }, { targets }, signal) {
    await serviceOf(targets, target).resume(signal);
  },
  byHand({ target }, targets) {
    return targets[target] ? serviceOf(targets, target).byHand.resume : `Resume what runs behind ${target}.`;
  },
};
