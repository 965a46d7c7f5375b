import { z } from 'zod';
import { duration, promDuration } from '../../kit/duration.ts';
import { messageOf } from '../../kit/errors.ts';
import type { LogFiles } from '../../kit/log-files.ts';
import { sizeOrShare } from '../../kit/size.ts';
import type { Fault, Host, Injection, NamedTarget, Plan } from '../fault.ts';
import { leashEffect } from '../leash.ts';
import { leashedInjection } from '../leashed-injection.ts';
import { asKind } from '../named-target.ts';
import { runName } from '../run-name.ts';
import { revert } from '../undo.ts';
import { diskRoom, usedShare } from './host/disk-room.ts';
import { inFolder, type MarkedLogs, markedLogs, markedName } from './host/marked-logs.ts';
import { writeOldLogs } from './host/old-logs.ts';
import { demandRoom, logsOf, nameLogs } from './host/old-logs-demand.ts';
import { floorText, room } from './host/room-params.ts';

/** How often is looked whether somebody has freed enough. */
const lookMs = 500;
const liftLimitMs = 15_000;
/** In the plan for a target that names none: nothing is done by it. */
const noLogs: LogFiles = { folder: '/no/logs', pattern: '*' };

const params = z
  .strictObject({
    /** Share of the file system that is to be in use, without what is reserved for root. */
    to: room.to.default(0.92),
    /** What stays free whatever happens: a size, or a share of the whole. */
    floor: sizeOrShare.prefault('3%'),
    /** So many files share the space. */
    files: z.int().min(4).max(500).default(24),
    /** How old the newest of them looks. */
    age: duration.prefault('30d'),
    /** Somebody has helped when less of the file system is in use. */
    lifted_below: room.to.default(0.8),
  })
  .refine(({ to, lifted_below }) => lifted_below < to, {
    message: 'must be less than `to`',
    path: ['lifted_below'],
  });
type Params = z.output<typeof params>;

/** Fills a file system with old log files, as where nobody rotates them; whoever deletes them has helped, for nothing writes on. */
export const hostOldLogs: Fault<Params> = {
  kind: 'host.old-logs',
  summary: 'fills a file system of this computer with old log files',
  affects: 'byte',
  params,
  targets: ['host'],
  plan(wish, { name, target }, run, durationMs): Plan {
    const { logs } = asKind(target, name, 'host');
    const mark = runName(run);
    return {
      kind: 'host.old-logs',
      target: name,
      run,
      effects: logs
        ? effectsOf(wish, { ...logs, mark }, durationMs)
        : [`nothing, and the drill is refused: ${name} names no logs. ${nameLogs(name)}`],
      undo: { kind: 'logs.delete-marked', ...(logs ?? noLogs), mark },
      durationMs,
    };
  },
  demand: demandRoom,
  inject: (plan, wish, target, host, signal) => fillUp(plan, wish, target, host, signal),
};

function effectsOf(
  { to, floor, files, age, lifted_below }: Params,
  { folder, ...logs }: LogFiles & MarkedLogs,
  durationMs: number,
): string[] {
  const share = (of: number) => `${Math.round(of * 100)} %`;
  return [
    `writes ${files} files called ${markedName(logs, 1) ?? logs.pattern} and so on into ${folder} until ${share(to)} of its file system are in use, dated back ${promDuration(age)} and beyond the oldest ${logs.pattern} there`,
    `writes none anew that somebody deletes, and ends when less than ${share(lifted_below)} are in use; a runbook that deletes the oldest deletes these first`,
    `deletes what is left of them after ${durationMs / 1000} s, and at once where less than ${floorText(floor)} is free`,
    leashEffect,
  ];
}

async function fillUp(
  plan: Plan,
  wish: Params,
  target: NamedTarget,
  host: Host,
  signal: AbortSignal,
): Promise<Injection> {
  const { folder, pattern } = logsOf(target);
  const logs = { pattern, mark: runName(plan.run) };
  const ours = () => inFolder(folder, (place) => markedLogs(place, logs));
  const watch = new AbortController();
  const lifted = Promise.withResolvers<string>();
  let written = 0;
  const ended = async () => {
    if (diskRoom(folder, wish).toFloor < 0) return 'its floor: others need the room';
    return usedShare(folder) < wish.lifted_below || (await ours()).length === 0 ? 'others' : undefined;
  };
  const watched = async () => {
    for (let by = await ended(); ; by = await ended()) {
      if (by !== undefined) return lifted.resolve(by);
      await host.clock.sleep(lookMs, watch.signal);
    }
  };
  return leashedInjection(
    {
      plan,
      host,
      async breakIt(during) {
        written = await inFolder(folder, (place) =>
          writeOldLogs(place, logs, wish, { now: host.clock.now(), signal: during }),
        );
        watched().catch((error: unknown) => {
          if (!watch.signal.aborted)
            host.log.warn({ target: plan.target, error: messageOf(error) }, 'not watched');
        });
      },
      async lift() {
        watch.abort();
        await revert(plan.undo, host, AbortSignal.timeout(liftLimitMs));
      },
      touched: async () => written,
      residue: async () => (await ours()).map((name) => `${name} of ${plan.kind} is still in ${folder}`),
      liftedByOthers: lifted.promise,
    },
    signal,
  );
}
