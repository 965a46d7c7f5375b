import { z } from 'zod';
import { UnavailableError } from '../../kit/errors.ts';
import { size, sizeOrShare, sizeText } from '../../kit/size.ts';
import type { Fault, Plan } from '../fault.ts';
import { runName } from '../run-name.ts';
import { burn, burnerEffect } from './host/burner.ts';
import { memoryRoom } from './host/memory-room.ts';
import { floorText, room } from './host/room-params.ts';

/** Below this a computer may begin to end processes. */
const leastFloor = 128 * 2 ** 20;

const params = z.strictObject({
  /** Share of the memory that is to be in use. */
  to: room.to.default(0.9),
  /** What stays available whatever happens: a size, or a share of the whole. */
  floor: sizeOrShare
    .refine((floor) => !('bytes' in floor) || floor.bytes >= leastFloor, {
      message: 'must be 128MiB or more',
    })
    .prefault('512MiB'),
  /** What it takes at most, however far away the watermark is. */
  at_most: size.optional(),
});
type Params = z.output<typeof params>;

/** Fills the memory of this computer up to a watermark, as a leak does, and gives it back before others run short. */
export const hostMemory: Fault<Params> = {
  kind: 'host.memory',
  summary: 'fills the memory of this computer up to a watermark',
  affects: 'byte',
  params,
  targets: ['host'],
  plan({ to, floor, at_most: atMost }, { name }, run, durationMs): Plan {
    const limit = atMost === undefined ? '' : `, ${sizeText(atMost)} at most`;
    return {
      kind: 'host.memory',
      target: name,
      run,
      effects: [
        `holds memory until ${Math.round(to * 100)} % of it is in use${limit}, for ${durationMs / 1000} s`,
        `gives it back as soon as less than ${floorText(floor)} is available; the kernel would end this process before any other`,
        burnerEffect(run),
      ],
      undo: { kind: 'process.end-marked', mark: runName(run) },
      durationMs,
    };
  },
  async demand({ to, floor }) {
    const { toWatermark, toFloor } = memoryRoom({ to, floor });
    const why =
      toWatermark <= 0
        ? `${Math.round(to * 100)} % of the memory is in use already`
        : toFloor <= 0
          ? `less than ${floorText(floor)} of memory is available`
          : undefined;
    if (why !== undefined)
      throw new UnavailableError('host-memory.no-room', `${why}: nothing would be taken`, {
        mend: 'Name a higher `to` or a lower `floor`, or end something that holds memory.',
      });
  },
  inject: (plan, { to, floor, at_most: limit = Number.MAX_SAFE_INTEGER }, _target, host, signal) =>
    burn(plan, { what: 'memory', to, floor, limit }, host, signal),
};
