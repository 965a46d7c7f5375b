import { z } from 'zod';
import { UnavailableError } from '../../kit/errors.ts';
import type { Fault, Injection, NamedTarget, Plan } from '../fault.ts';
import { leaseMs } from '../lease.ts';
import { engineOf } from './db/engine.ts';
import { type Filling, goalOf, roomOf } from './db-connections/room.ts';
import { TakenConnections } from './db-connections/taken-connections.ts';

const params = z
  .strictObject({
    /** How many of the connections that ordinary users may have are left; 0 when neither this nor `share` is given. */
    leave: z.int().min(0).optional(),
    /** Fills the server up to this share of its limit instead, such as 0.97. */
    share: z.number().gt(0).max(1).optional(),
    /** The most sessions that the fault opens. */
    most: z.int().min(1).max(3000).default(500),
  })
  .refine(({ leave, share }) => leave === undefined || share === undefined, {
    message: 'say `leave` or `share`, not both',
    path: ['share'],
  });
type Params = z.output<typeof params>;

/**
 * Takes the connections of a database server until nobody else gets one, as an application that leaks them does. Each session
 * lives by a sign of life every second or two: the server ends it 4 s after the last one (idle_session_timeout, wait_timeout).
 */
export const dbConnections: Fault<Params> = {
  kind: 'db.connections',
  summary: 'takes the connections of a PostgreSQL, MySQL or MariaDB server',
  affects: 'session',
  params,
  targets: ['postgres', 'mysql'],
  plan(wish, target, run, durationMs): Plan {
    const { address, applicationName, undo } = engine(target, run, wish);
    return {
      kind: 'db.connections',
      target: target.name,
      run,
      effects: [
        `opens up to ${wish.most} sessions on ${address} as ${applicationName}, until ${inWords(wish)}`,
        'takes what becomes free meanwhile, and gives back what administrators need: connections that are kept for them stay free',
        `the server ends each session by itself ${leaseMs / 1000} s after the last sign of life of the drill`,
      ],
      undo,
      durationMs,
    };
  },
  async demand(wish, target) {
    const sessions = engine(target, 'preflight', wish);
    await using session = await sessions.ask();
    const room = await roomOf(session, sessions.kind);
    // This session itself goes again.
    const open = room.open - 1;
    const missing = goalOf(room, wish) - open;
    if (missing <= 0)
      throw new UnavailableError(
        'db-connections.full',
        `${target.name} has ${open} of ${room.limit} connections open: there is nothing to take`,
        { mend: 'Ask for less to be left, or look who has opened so many. Nothing was touched.' },
      );
    if (missing > wish.most)
      throw new UnavailableError(
        'db-connections.most',
        `${target.name} has room for ${missing} sessions more, and the drill may open ${wish.most}`,
        { mend: 'Raise `most` in the drill. Nothing was touched.' },
      );
  },
  inject(plan, wish, target, host, signal): Promise<Injection> {
    const parts = { plan, engine: engine(target, plan.run, wish), filling: wish, host };
    return TakenConnections.take(parts, signal);
  },
};

/** MySQL gives a seat to each session that is ever opened: those that were given back and taken again need another. */
const engine = (target: NamedTarget, run: string, { most }: Params) =>
  engineOf({ target, run, seats: Math.min(10_000, 1 + 3 * most) });

const inWords = ({ leave = 0, share }: Filling): string =>
  share === undefined
    ? `${leave === 0 ? 'none' : `only ${leave}`} of the connections that ordinary users may have ${leave === 1 ? 'is' : 'are'} left`
    : `${Number((share * 100).toFixed(1))} % of its connections are open`;
