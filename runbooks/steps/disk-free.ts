import { statfsSync } from 'node:fs';
import { z } from 'zod';
import { duration, promDuration } from '../../kit/duration.ts';
import { UsageError } from '../../kit/errors.ts';
import { type LogFiles, logFolder, logPattern } from '../../kit/log-files.ts';
import { type OpenFolder, openFolder } from '../../kit/open-folder.ts';
import { sizeText } from '../../kit/size.ts';
import type { Target } from '../../kit/targets.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  type PlanWorld,
  type Step,
  type StepResult,
  type StepWorld,
  targetOfKind,
  untouched,
} from '../step.ts';
import { type OldFile, oldFiles, removeOld } from './disk-free/old-files.ts';

const params = z
  .strictObject({
    /** The target's `logs` when left out. */
    folder: logFolder.optional(),
    pattern: logPattern.optional(),
    /** A file that was written to more recently is never deleted. */
    older_than: duration,
    /** So many of the newest files stay, however old they are. */
    keep: z.int().min(0).default(1),
    /** Percent of the file system in use at which enough is free. */
    until: z.number().min(1).max(99).default(80),
  })
  .refine(({ folder, pattern }) => (folder === undefined) === (pattern === undefined), {
    message: 'needs both folder and pattern, or neither: then the `logs` of the target are meant',
  });
type Params = z.output<typeof params>;
/** With the files that are meant. */
type Wish = Params & LogFiles;

/** Some file systems give space back a moment after the file is gone. */
const freedWithinMs = 5000;

/** Deletes old files of a folder, the oldest first, until its file system has room again. */
export const diskFree: Step<Params> = {
  kind: 'disk.free',
  summary: 'delete the oldest files of a folder until its file system has room again',
  params,
  targets: ['host'],
  // It ends at the same mark however often it begins.
  repeatable: () => true,
  // Whoever can write a label of an alert must not be able to name what is deleted.
  placeholders: { folder: 'refused', pattern: 'refused' },
  misfit: (wish, { name, target }) => (filesOf(wish, target) ? undefined : noFiles(name)),
  plan(wish, world) {
    const { name } = targetOfKind(world, 'host');
    const { folder, pattern, older_than, keep, until } = wishOf(wish, world);
    return [
      {
        does: `delete regular files called ${pattern} directly in ${folder}, the oldest first, until less than ${until} % of its file system are in use; none younger than ${promDuration(older_than)}, and never the newest ${keep}`,
        on: name,
        undo: 'none: deleted files are gone',
      },
    ];
  },
  async run(params, world, signal) {
    const wish = wishOf(params, world);
    const { folder, until } = wish;
    const opened = await openFolder(folder);
    if (typeof opened === 'string') return untouched('refused', opened);
    await using place = opened;
    const before = usedPercent(folder);
    if (before < until)
      return untouched('succeeded', `${folder}: ${before} % in use, which is less than ${until} %`, {
        before,
      });
    // Awaited here: the folder is open until then.
    return await new Freeing(place, wish, world, before).run(signal);
  },
};

const noFiles = (target: string): string =>
  `nobody says which files may be deleted: write targets: ${target}: logs: { folder: /var/log/mes, pattern: "*.log*" } in andon.yaml, or folder and pattern into the step`;

/** The files that the step names, or else the target. */
function filesOf({ folder, pattern }: Params, target: Target): LogFiles | undefined {
  if (folder !== undefined && pattern !== undefined) return { folder, pattern };
  return target.kind === 'host' ? target.logs : undefined;
}

function wishOf(params: Params, world: Pick<PlanWorld, 'target'>): Wish {
  const named = targetOfKind(world, 'host');
  const files = filesOf(params, named.target);
  if (!files) throw new UsageError('disk-free.no-files', noFiles(named.name));
  return { ...params, ...files };
}

class Freeing {
  readonly #place: OpenFolder;
  readonly #wish: Wish;
  readonly #world: StepWorld;
  readonly #before: number;
  readonly #deleted: { name: string; bytes: number; modified: string }[] = [];

  constructor(place: OpenFolder, wish: Wish, world: StepWorld, before: number) {
    this.#place = place;
    this.#wish = wish;
    this.#world = world;
    this.#before = before;
  }

  async run(signal: AbortSignal): Promise<StepResult> {
    const { folder, pattern, older_than } = this.#wish;
    const { clock } = this.#world;
    const files = await oldFiles(this.#place, { ...this.#wish, olderThanMs: older_than, now: clock.now() });
    if (files.length === 0)
      return untouched(
        'failed',
        `${folder}: ${this.#before} % in use, and no file ${pattern} may be deleted: none is older than ${promDuration(older_than)} and not among the newest ${this.#wish.keep}`,
        { before: this.#before },
      );
    let owed = this.#owedBytes();
    for (const file of files) {
      signal.throwIfAborted();
      if (owed <= 0 && (await this.#isEnough(signal))) break;
      if (owed <= 0) owed = this.#owedBytes();
      owed -= await this.#delete(file);
    }
    await this.#isEnough(signal);
    return this.#result();
  }

  /** What must go, reckoned by the sizes of files: that the space is there may show later. */
  #owedBytes(): number {
    const { bsize, blocks, bavail } = statfsSync(this.#wish.folder);
    return Math.max(1, (blocks - bavail - (blocks * this.#wish.until) / 100) * bsize + 1);
  }

  async #delete(file: OldFile): Promise<number> {
    const bytes = await removeOld(this.#place, file);
    if (bytes === undefined) return 0;
    this.#deleted.push({ name: file.name, bytes, modified: new Date(file.modifiedMs).toISOString() });
    return bytes;
  }

  async #isEnough(signal: AbortSignal): Promise<boolean> {
    const { folder, until } = this.#wish;
    const isBelow = () => usedPercent(folder) < until;
    const what = `room in ${folder}`;
    const { clock } = this.#world;
    return waitFor(isBelow, { what, timeoutMs: freedWithinMs, everyMs: 100, signal, clock }).catch(() => {
      signal.throwIfAborted();
      return false;
    });
  }

  #result(): StepResult {
    const { folder, until } = this.#wish;
    const after = usedPercent(folder);
    const freed = this.#deleted.reduce((total, { bytes }) => total + bytes, 0);
    const touched = this.#deleted.length;
    const details = { before: this.#before, after, freed, deleted: this.#deleted };
    const did = `deleted ${touched} files of ${folder} (${sizeText(freed)})`;
    if (after < until)
      return {
        outcome: 'succeeded',
        summary: `${did}: ${this.#before} % → ${after} % in use`,
        touched,
        details,
      };
    return {
      outcome: 'failed',
      summary: `${did}, and still ${after} % are in use; nothing else may be deleted there`,
      touched,
      details,
    };
  }
}

/** As `df` and the exporter reckon it: what is reserved for root counts as used. One digit behind the point. */
function usedPercent(folder: string): number {
  const { blocks, bavail } = statfsSync(folder);
  return Math.round((1 - bavail / blocks) * 1000) / 10;
}
