import { z } from 'zod';
import { isLife, type Life, type Service } from '../../kit/process/service.ts';
import { waitFor } from '../../kit/wait.ts';
import type { Reverter, UndoOf } from './reverter.ts';
import { serviceOf } from './service-of.ts';

const schema = z.strictObject({
  kind: z.literal('process.start'),
  target: z.string(),
  /** A life of it that was told to end: where it goes on, it is killed first, or it would end when nobody looks any more. */
  over: z.string().optional(),
});

/** A killed process is gone at once, unless the kernel itself is busy with it. */
const killedMs = 3000;

/** Starts the service behind a `process` or `container` target unless it lives, and sees that it does. */
export const startProcess: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ target, over }, { targets }, signal) {
    const service = serviceOf(targets, target);
    const life = await service.life(signal);
    if (life && life.id === over) await killed(service, life, signal);
    await service.start(signal);
  },
  byHand({ target }, targets) {
    return targets[target] ? serviceOf(targets, target).byHand.start : `Start what runs behind ${target}.`;
  },
};

async function killed(service: Service, life: Life, signal: AbortSignal): Promise<void> {
  await service.send(life, 'SIGKILL', signal);
  await waitFor(async () => !(await isLife(service, life, signal)), {
    what: `the end of ${service.name}`,
    timeoutMs: killedMs,
    everyMs: 20,
    signal,
  });
}
