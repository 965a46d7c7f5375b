import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { modulePath } from '../../kit/module-path.ts';
import { type Targets, targetsSchema } from '../../kit/targets.ts';
import { waitFor } from '../../kit/wait.ts';
import { cleanUp } from '../clean.ts';
import { lastOf, readJournal } from '../journal.ts';
import { lastingResidue } from '../residue.ts';
import { runName } from '../run-name.ts';
import { newSince, survey } from '../survey/survey.ts';
import { UndoLog } from '../undo-log.ts';
import type { Doom } from './doomed-runner.ts';

/** The promise: whatever kills the runner, its fault is gone within this. */
const promisedMs = 5000;

/** How often a runner is killed for each fault: 3 times in CI, ANDON_KILL_ROUNDS (25 at night) otherwise. */
export const killRounds = Number(process.env.ANDON_KILL_ROUNDS ?? 3);

/** One fault whose runner is killed. */
export interface KillCase {
  doom: Pick<Doom, 'kind' | 'target' | 'with'>;
  /** Whether anything of the run's fault is there. */
  present: (run: string) => Promise<boolean>;
  /** Whether it breaks anything any more, when that ends before the last trace of it; `present` when left out. */
  broken?: (run: string) => Promise<boolean>;
}

/** When a runner dies: a while (ms, random) after it has said that word. */
const moments = [
  { word: 'opened', withinMs: 0 },
  { word: 'injecting', withinMs: 40 },
  { word: 'injected', withinMs: 30 },
  { word: 'injected', withinMs: 1500 },
] as const;

interface Runner {
  run: string;
  child: ChildProcess;
  reached: (word: string) => Promise<string>;
}

/** A place in which runners are killed: their targets, undo log and journals. */
export class KillRange implements Disposable {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'andon-kill-'));
  readonly targets: Targets;
  readonly undoLog: UndoLog;
  readonly #configFile: string;
  readonly #children: ChildProcess[] = [];

  /** `targets` as they stand in andon.yaml. */
  constructor(targets: Record<string, unknown>) {
    this.targets = targetsSchema.parse(targets);
    this.#configFile = path.join(this.folder, 'targets.json');
    writeFileSync(this.#configFile, JSON.stringify(this.targets));
    this.undoLog = new UndoLog(path.join(this.folder, 'undo-log.ndjson'), systemClock);
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Kills as many runners as `rounds` says, one after the other, at the moments of a fault's life in turn. */
  async killAll(kind: KillCase, rounds = killRounds): Promise<void> {
    for (let round = 0; round < rounds; round++)
      await this.kill(kind, moments[(round + 1) % moments.length] ?? moments[0]);
  }

  /** Kills a runner alone: its fault must be gone within 5 s, undone by the watchdog, which says so in the journal. */
  async kill(kind: KillCase, { word, withinMs }: (typeof moments)[number] = moments[2]): Promise<void> {
    const before = await this.#survey(kind);
    const runner = this.startRunner(kind);
    await runner.reached(word);
    const delayMs = Math.random() * withinMs;
    if (delayMs >= 1) await systemClock.sleep(delayMs);
    const wasIn = word === 'injected' ? await kind.present(runner.run) : undefined;
    const killedAt = Date.now();
    runner.child.kill('SIGKILL');
    const seenMs = await lastSeenMs(killedAt, runner, kind.present, () => this.#report(runner) !== undefined);
    const story = `${kind.doom.kind} killed ${delayMs.toFixed(1)} ms after "${word}"`;
    if (wasIn !== undefined) expect(wasIn, `${story}: it was in`).toBe(true);
    expect(seenMs, story).toBeLessThan(promisedMs);
    expect(this.undoLog.pending(runner.run), story).toEqual([]);
    expect(this.#report(runner), story).toMatchObject({
      undone: [expect.stringContaining(`${kind.doom.kind} on `)],
      errors: [],
    });
    expect(await this.#traces(kind, runner, before), `${story}: the next preflight finds`).toEqual([]);
  }

  /** What the preflight of the next drill would find of this run at its target. Other runs may be at work there. */
  #traces(kind: KillCase, { run }: Runner, before: readonly string[]): Promise<string[]> {
    const isOfAnother = (text: string) => /andon[-_]drill/.test(text) && !text.includes(runName(run));
    return lastingResidue('its target as it was', async () =>
      newSince(before, await this.#survey(kind)).filter((text) => !isOfAnother(text)),
    );
  }

  #survey({ doom: { target: name } }: KillCase): Promise<string[]> {
    const target = this.targets[name];
    return survey(target ? [{ name, target }] : [], { fetch });
  }

  /** Kills the watchdog, then the runner (or freezes it): the lease must suffice, and `drill clean` closes the log. */
  async killWatchdogToo(kind: KillCase, how: 'SIGKILL' | 'SIGSTOP' = 'SIGKILL'): Promise<void> {
    const runner = this.startRunner(kind);
    const [, watchdog] = (await runner.reached('watchdog')).split(' ');
    await runner.reached('injected');
    process.kill(Number(watchdog), 'SIGKILL');
    expect(await kind.present(runner.run), `${kind.doom.kind} is in`).toBe(true);
    const killedAt = Date.now();
    runner.child.kill(how);
    // A frozen runner keeps what is idle; what must go is what breaks.
    const present = how === 'SIGSTOP' ? (kind.broken ?? kind.present) : kind.present;
    const seenMs = await lastSeenMs(killedAt, runner, present, () => Date.now() - killedAt > promisedMs);
    runner.child.kill('SIGKILL');
    expect(seenMs, `${kind.doom.kind} without a watchdog`).toBeLessThan(promisedMs);
    expect(this.#report(runner)).toBeUndefined();
    expect(this.undoLog.pending(runner.run)).toHaveLength(1);
    const { undoLog, targets } = this;
    const { undone, failed } = await cleanUp({ undoLog, run: runner.run, targets, fetch, by: 'clean' });
    expect([undone.length, failed, undoLog.pending(runner.run)]).toEqual([1, [], []]);
  }

  /** Starts a runner in a process group of its own. */
  startRunner({ doom }: KillCase): Runner {
    const run = randomUUID();
    const wish: Doom = { ...doom, run, folder: this.folder, configFile: this.#configFile };
    const args = [modulePath(import.meta.url, './doomed-runner'), JSON.stringify(wish)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    this.#children.push(child);
    const said: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => said.push(line));
    const reached = (word: string) =>
      waitFor(() => said.find((line) => line.startsWith(word)), {
        what: `"${word}" of the runner of ${doom.kind}`,
        timeoutMs: 40_000,
        everyMs: 1,
      });
    return { run, child, reached };
  }

  /** Kills a runner in another way, and returns for how long after that its fault was seen. */
  async endOtherwise(kind: KillCase, runner: Runner, end: () => void): Promise<number> {
    const endedAt = Date.now();
    end();
    if (runner.child.exitCode === null && runner.child.signalCode === null) await once(runner.child, 'exit');
    return lastSeenMs(endedAt, runner, kind.present, () => this.#report(runner) !== undefined);
  }

  #report({ run }: Runner) {
    return lastOf(readJournal(path.join(this.folder, run, 'journal.ndjson')), 'watchdog');
  }
}

/** Watches until `until` holds; returns for how long after `since` the fault was still seen. */
async function lastSeenMs(
  since: number,
  { run }: Runner,
  present: KillCase['present'],
  until: () => boolean,
): Promise<number> {
  let last = 0;
  for (let after = 0; after < 3; after += until() ? 1 : 0) {
    // Of the question, not of its answer: that may come late from a busy server.
    const askedMs = Date.now() - since;
    if (await present(run)) last = askedMs;
    if (Date.now() - since > 30_000) expect.fail(`the fault of ${run} is not taken care of`);
    await systemClock.sleep(50);
  }
  expect(await present(run), 'gone for good').toBe(false);
  return last;
}
