import { z } from 'zod';
import { duration, promDuration } from '../../kit/duration.ts';
import { endLife } from '../../kit/process/end-life.ts';
import { endFamily, familyOf } from '../../kit/process/family.ts';
import type { Life, Service } from '../../kit/process/service.ts';
import { serviceBehind } from '../../kit/process/service-of.ts';
import type { NamedTarget, Step, StepResult, StepWorld } from '../step.ts';
import { untouched } from '../step.ts';

const params = z.strictObject({
  /** `restart` ends the life it lives and starts another; `start` starts it unless it lives. */
  how: z.enum(['restart', 'start']).default('restart'),
  /** How long it may take to end when it is asked to before it is killed. */
  grace: duration.prefault('10s'),
  /** A life that began more recently is the new start already: somebody else was quicker, and it is left alone. */
  older_than: duration.prefault('5s'),
});
type Params = z.output<typeof params>;

/** What is broken off settles soon; a service that needs longer to start goes on by itself. */
const startAfterAllMs = 5000;

/** Ends what runs behind a target and starts it again, and proves that it lives another life. */
export const processRestart: Step<Params> = {
  kind: 'process.restart',
  summary: 'end a process or container and start it again, or start it where it is dead',
  params,
  targets: ['process', 'container'],
  // A second restart would end the life that the first one has made.
  repeatable: ({ how }) => how === 'start',
  plan({ how, grace, older_than }, world) {
    const target = targetOf(world);
    const { what, name, endsBy } = serviceBehind(target);
    const start = { does: `start ${name} unless it lives`, on: what, undo: 'none: it ran before' };
    if (how === 'start') return [start];
    return [
      {
        does: `end ${name} with all that belongs to it: ${endsBy}, and SIGKILL after ${promDuration(grace)} (at once where it stands still); not where it has lived for less than ${promDuration(older_than)}`,
        on: what,
        undo: 'none: what it was doing breaks off, and its clients must connect again',
      },
      start,
    ];
  },
  async run({ how, grace, older_than }, world, signal) {
    const target = targetOf(world);
    const service = serviceBehind(target);
    const before = await service.life(signal);
    if (!before) return started(service, signal, { before: null });
    if (how === 'start') return leftAlone(service, before, signal);
    const ageMs = world.clock.now() - service.beganAt(before);
    if (ageMs < older_than)
      return untouched(
        'succeeded',
        `${service.name} was started ${promDuration(Math.max(0, Math.round(ageMs)))} ago by somebody else: that life goes on`,
        { before: null, after: before.id, startedBy: 'others' },
      );
    // All that could be in the way of starting it again is found before anything is ended.
    const life = await service.demand(signal);
    await service.demandStart(signal);
    const standingStill = (await service.paused(signal)).length > 0;
    // Ids of processes in a container may be those of another computer.
    const family = target.target.kind === 'process' ? familyOf(life) : [];
    signal.throwIfAborted();
    try {
      // Who stands still cannot hear.
      const ask = standingStill ? { signal: 'SIGKILL' as const } : {};
      await endLife(service, life, { ...ask, graceMs: grace }, signal);
      const ended = { standingStill, childrenKilled: await endFamily(family, grace, signal) };
      return await started(service, signal, { before: life.id, ...ended });
    } catch (error) {
      // Broken off halfway it would stay dead, or die when nobody looks any more.
      if (signal.aborted) await startAfterAll(service, life);
      throw error;
    }
  },
};

function targetOf({ target }: Pick<StepWorld, 'target'>): NamedTarget {
  if (!target) throw new TypeError('process.restart needs a target');
  return target;
}

async function leftAlone(service: Service, life: Life, signal: AbortSignal): Promise<StepResult> {
  const details = { before: life.id, after: life.id };
  const [paused] = await service.paused(signal);
  if (paused !== undefined)
    return untouched(
      'failed',
      `${service.name} lives and does nothing: ${paused}; it needs how: restart`,
      details,
    );
  return untouched('succeeded', `${service.name} lives already: ${service.what} (${life.id})`, details);
}

async function started(
  service: Service,
  signal: AbortSignal,
  found: { before: string | null },
): Promise<StepResult> {
  await service.demandStart(signal);
  signal.throwIfAborted();
  const after = await service.start(signal);
  const details = { ...found, after: after.id };
  if (after.id === found.before)
    return { outcome: 'failed', summary: `${service.name} still lives its old life`, touched: null, details };
  const how =
    found.before === null ? 'was dead and has been started' : `was ended (${found.before}) and started`;
  return {
    outcome: 'succeeded',
    summary: `${service.name} ${how}: it lives as ${after.id}`,
    touched: 1,
    details,
  };
}

async function startAfterAll(service: Service, life: Life): Promise<void> {
  const signal = AbortSignal.timeout(startAfterAllMs);
  await endLife(service, life, { signal: 'SIGKILL', graceMs: 0 }, signal);
  await service.start(signal);
}
