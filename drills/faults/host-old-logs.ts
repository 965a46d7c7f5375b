import { accessSync, constants, statfsSync } from 'node:fs';
import { z } from 'zod';
import { duration, promDuration } from '../../kit/duration.ts';
import { messageOf, UnavailableError } from '../../kit/errors.ts';
import type { LogFiles } from '../../kit/log-files.ts';
import { sizeOrShare } from '../../kit/size.ts';
import type { Fault, Host, Injection, NamedTarget, Plan } from '../fault.ts';
import { leashEffect } from '../leash.ts';
import { leashedInjection } from '../leashed-injection.ts';
import { asKind } from '../named-target.ts';
import { runName } from '../run-name.ts';
import { revert } from '../undo.ts';
import { diskRoom, spaceOf } from './host/disk-room.ts';
import { inFolder, markedLogs, markedName } from './host/marked-logs.ts';
import { writeOldLogs } from './host/old-logs.ts';
import { floorText, room } from './host/room-params.ts';

/** How often is looked whether somebody has freed enough. */
const lookMs = 500;
const liftLimitMs = 15_000;

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
  plan({ to, floor, files, age, lifted_below }, { name, target }, run, durationMs): Plan {
    const logs = asKind(target, name, 'host').logs ?? { folder: '/no/folder', pattern: '*' };
    const mark = runName(run);
    const share = (of: number) => `${Math.round(of * 100)} %`;
    return {
      kind: 'host.old-logs',
      target: name,
      run,
      effects: [
        `writes ${files} files called ${markedName({ ...logs, mark }, 1) ?? logs.pattern} and so on into ${logs.folder} until ${share(to)} of its file system are in use, dated back ${promDuration(age)} and beyond the oldest ${logs.pattern} there`,
        `writes none anew that somebody deletes, and ends when less than ${share(lifted_below)} are in use; a runbook that deletes the oldest deletes these first`,
        `deletes what is left of them after ${durationMs / 1000} s, and at once where less than ${floorText(floor)} is free`,
        leashEffect,
      ],
      undo: { kind: 'logs.delete-marked', ...logs, mark },
      durationMs,
    };
  },
  demand: (wish, target) => demandRoom(wish, target),
  inject: (plan, wish, target, host, signal) => fillUp(plan, wish, target, host, signal),
};

/** The logs of the target, in which a drill may put files of its own. Throws UnavailableError. */
function logsOf({ name, target }: NamedTarget): LogFiles {
  const { logs } = asKind(target, name, 'host');
  if (!logs)
    throw new UnavailableError('host-old-logs.no-logs', `target ${name} names no logs`, {
      mend: `Name them: targets: ${name}: logs: { folder: /var/log/mes, pattern: "*.log*" } in andon.yaml. A lab has some when root starts it.`,
    });
  if (markedName({ ...logs, mark: '' }, 1) === undefined)
    throw new UnavailableError('host-old-logs.pattern', `the pattern ${logs.pattern} of ${name} has no *`, {
      mend: `A drill puts its mark there. Name the logs of ${name} by a pattern that has one, as in mes*.log.`,
    });
  return logs;
}

const usedShare = (folder: string): number => {
  const { size, free } = spaceOf(statfsSync(folder));
  return 1 - free / size;
};

async function demandRoom(wish: Params, target: NamedTarget): Promise<void> {
  const { folder } = logsOf(target);
  const why = await inFolder(folder, async ({ at }) => {
    demandWritable(at, folder);
    const { toWatermark, toFloor } = diskRoom(at, wish);
    // Then others' files would have to go for anything to end.
    if (toWatermark <= 0 || usedShare(at) >= wish.lifted_below)
      return `${Math.round(usedShare(at) * 100)} % of it is in use already`;
    return toFloor <= 0 ? `less than ${floorText(wish.floor)} of it is free` : undefined;
  });
  if (why !== undefined)
    throw new UnavailableError('host-old-logs.no-room', `the file system of ${folder}: ${why}`, {
      mend: 'Free some space, or name a higher `lifted_below` or `to`, or a lower `floor`. Nothing was touched.',
    });
}

function demandWritable(at: string, folder: string): void {
  try {
    accessSync(at, constants.W_OK);
  } catch (cause) {
    throw new UnavailableError('host-old-logs.folder', `${folder} cannot be written to`, {
      mend: 'Run Andon as a user who may write there.',
      cause,
    });
  }
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
