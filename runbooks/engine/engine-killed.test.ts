import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { modulePath } from '../../kit/module-path.ts';
import { verifyAudit } from '../audit/audit.ts';
import { RunStore } from '../store/store.ts';
import { readActs } from '../testing/acts-file.ts';
import { type Doom, worldIn } from '../testing/doomed-engine.ts';
import { Mortality } from '../testing/mortality.ts';
import { atOnce, type Beginning, live, type ScriptedStep } from '../testing/scripted-run.ts';
import { tempFolder } from '../testing/temp-folder.ts';

const started = Date.parse('2026-01-31T08:00:00.000Z');
const step = (changes: Partial<ScriptedStep>): ScriptedStep => ({
  ...{ repeatable: false, scripts: ['ok'], retries: 0, undo: null },
  ...changes,
});
const once = step({ undo: ['ok'] });
const again = step({ repeatable: true, undo: ['ok'] });

/** Carries out a run in a process of its own; how many boundaries it passed, or undefined when it was killed at one. */
async function inProcess(doom: Doom): Promise<number | undefined> {
  const main = modulePath(import.meta.url, '../testing/doomed-engine');
  const answer = await promisify(execFile)(process.execPath, [main, JSON.stringify(doom)]).catch(
    (error: unknown) => {
      if ((error as { signal?: unknown }).signal === 'SIGKILL') return undefined;
      throw error;
    },
  );
  return answer === undefined ? undefined : Number(answer.stdout);
}

/** Kills the engine at every boundary in turn, and lets another one carry on; how each of these runs ended, and what was done. */
async function killedEverywhere(steps: ScriptedStep[], beginning: Beginning = atOnce) {
  using folder = tempFolder();
  const folderOf = (name: string) => {
    const own = path.join(folder.path, name);
    mkdirSync(own);
    return own;
  };
  const doom = { steps, beginning, now: started };
  const boundaries = await inProcess({ ...doom, folder: folderOf('unharmed'), dieAt: null });
  const deaths = Array.from({ length: boundaries ?? 0 }, (_, index) => index + 1);
  const ends = await inTurns(deaths, async (dieAt) => {
    const own = folderOf(`killed-at-${dieAt}`);
    expect(await inProcess({ ...doom, folder: own, dieAt })).toBeUndefined();
    const heir = { now: started + 10_000, mortality: new Mortality(Number.POSITIVE_INFINITY), life: 1 };
    const run = await live(steps, worldIn(own, steps, beginning), heir);
    const acts = readActs(path.join(own, 'acts.ndjson')).map(({ position, phase }) => `${phase} ${position}`);
    expect(verifyAudit(path.join(own, 'audit.ndjson'))).toMatchObject({ ok: true });
    return { dieAt, outcome: run?.outcome, acts, ...peopleIn(path.join(own, 'runs.sqlite')) };
  });
  return ends;
}

/** Whether people were asked about the run, and told of anything. */
function peopleIn(storeFile: string): { asked: boolean; told: boolean } {
  using store = new RunStore(storeFile);
  return { asked: store.approvals.of(1).length > 0, told: store.messages.due(started + 60_000).length > 0 };
}

/** Three at a time: each is a process, and a computer may have two processors. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = [...items];
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) results.push(await work(item));
  };
  await Promise.all([worker(), worker(), worker()]);
  return results;
}

const timesOf = (acts: readonly string[], act: string): number => acts.filter((one) => one === act).length;

test('Killed at every boundary of a run that goes well, it goes well, or is taken back; nothing that must not repeat repeats.', async () => {
  const ends = await killedEverywhere([again, once, again]);
  expect(ends.length).toBeGreaterThan(15);
  for (const { dieAt, outcome, acts } of ends) {
    expect({ dieAt, outcome, twice: timesOf(acts, 'do 1') > 1 }).toEqual({
      ...{ dieAt, outcome: expect.stringMatching(/^(succeeded|compensated)$/), twice: false },
    });
    if (outcome === 'compensated') {
      expect(acts.slice(-2)).toEqual(['undo 1', 'undo 0']);
      expect(acts).not.toContain('do 2');
    }
  }
  // Only in the middle of the step that must not repeat is the run lost.
  const lost = ends.filter(({ outcome }) => outcome === 'compensated');
  expect(lost.length).toBeGreaterThan(0);
  expect(lost.length).toBeLessThan(ends.length / 2);
}, 240_000);

test('Killed at every boundary of a run that turns back, all of it is taken back, in reverse order, or a person gets it.', async () => {
  const ends = await killedEverywhere([once, step({ scripts: ['half'] })]);
  expect(ends.length).toBeGreaterThan(15);
  for (const { dieAt, outcome, acts } of ends) {
    // The last step has no undo and may have changed something: that is for a person. Before it, all can be taken back.
    expect({ dieAt, outcome }).toEqual({
      dieAt,
      outcome: acts.includes('do 1') ? 'handed-off' : expect.stringMatching(/^(handed-off|compensated)$/),
    });
    expect({ dieAt, once: timesOf(acts, 'do 0') <= 1 && timesOf(acts, 'do 1') <= 1 }).toEqual({
      dieAt,
      once: true,
    });
    expect(acts.filter((act) => act.startsWith('undo')).at(-1)).toBe('undo 0');
  }
}, 240_000);

test('Killed at every boundary of a run that is not needed, it ends so, nothing was done, and nobody was told.', async () => {
  const ends = await killedEverywhere([again], { applies: ['no'], mode: 'approve' });
  expect(ends.length).toBeGreaterThan(8);
  for (const { dieAt, ...end } of ends)
    expect({ dieAt, ...end }).toEqual({ dieAt, outcome: 'not-needed', acts: [], asked: false, told: false });
}, 240_000);

test('Killed at every boundary of a run that asks whether it is needed and then people, it does what it must, once they have agreed.', async () => {
  const ends = await killedEverywhere([again], { applies: ['yes'], mode: 'approve' });
  expect(ends.length).toBeGreaterThan(15);
  for (const { dieAt, outcome, acts, asked } of ends)
    expect({ dieAt, outcome, asked, done: timesOf(acts, 'do 0') > 0 }).toEqual({
      ...{ dieAt, outcome: 'succeeded', asked: true, done: true },
    });
}, 240_000);
