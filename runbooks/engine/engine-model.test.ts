import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifyAudit } from '../audit/audit.ts';
import { finalOutcome, isQuiet, type RunRecord } from '../store/run.ts';
import { RunStore } from '../store/store.ts';
import { changes, interpret } from '../testing/interpret.ts';
import { Mortality } from '../testing/mortality.ts';
import { type Act, type Beginning, live, type Script, type ScriptedStep } from '../testing/scripted-run.ts';
import { tempFolder } from '../testing/temp-folder.ts';

const script = fc.constantFrom<Script>('ok', 'ok', 'ok', 'read', 'nothing', 'half', 'refuse', 'throw');
const scripts = fc.array(script, { minLength: 1, maxLength: 3 });
const steps = fc.array(
  fc.record({
    repeatable: fc.boolean(),
    scripts,
    retries: fc.nat(2),
    undo: fc.option(scripts, { nil: null, freq: 2 }),
  }),
  { minLength: 1, maxLength: 4 },
);

const answer = fc.constantFrom<NonNullable<Beginning['applies']>[number]>('yes', 'no', 'nobody knows');
const beginnings: fc.Arbitrary<Beginning> = fc.record({
  applies: fc.option(fc.array(answer, { minLength: 1, maxLength: 3 }), { nil: null, freq: 1 }),
  mode: fc.constantFrom('auto', 'approve'),
});

interface Wanted {
  steps: readonly ScriptedStep[];
  verified: boolean;
  beginning: Beginning;
}

/** Lives one after the other until the run has ended; each dies at its boundary, the one after them does not. */
async function lives({ steps: wanted, verified, beginning }: Wanted, deaths: readonly number[]) {
  using folder = tempFolder();
  const acts: Act[] = [];
  const next = (act: Omit<Act, 'script'>): Script => {
    const step = wanted[act.position];
    const list = (act.phase === 'do' ? step?.scripts : step?.undo) ?? ['ok'];
    const before = acts.filter(
      ({ position, phase }) => position === act.position && phase === act.phase,
    ).length;
    const found = list[Math.min(before, list.length - 1)] ?? 'ok';
    acts.push({ ...act, script: found });
    return found;
  };
  const world = {
    storeFile: folder.file('runs.sqlite'),
    auditFile: folder.file('audit.ndjson'),
    next,
    verified,
    beginning,
  };
  let run: RunRecord | undefined;
  let now = Date.parse('2026-01-31T08:00:00.000Z');
  let boundaries = 0;
  for (const [life, dieAt] of [...deaths, Number.POSITIVE_INFINITY].entries()) {
    const mortality = new Mortality(dieAt);
    run = await live(wanted, world, { now, mortality, life });
    boundaries = mortality.passed;
    now += 10_000;
  }
  using store = new RunStore(world.storeFile);
  const asked = store.approvals.of(1).length > 0;
  const told = store.messages.due(now).length > 0;
  return { run, acts, asked, told, boundaries, audit: verifyAudit(world.auditFile) };
}

test('Where nothing crashes, the engine does what the runbook means: the same acts in the same order, and the same end.', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), beginnings, async (wanted, verified, beginning) => {
      const { run, acts, asked, told, audit } = await lives({ steps: wanted, verified, beginning }, []);
      const expected = interpret(wanted, verified, beginning);
      expect({ acts, outcome: run?.outcome, asked }).toEqual(expected);
      expect(told).toBe(asked || !isQuiet(expected.outcome));
      expect(audit).toMatchObject({ ok: true });
    }),
    { numRuns: 60 },
  );
}, 120_000);

test('However often it is killed, at whatever boundary, a run ends, repeats nothing that must not repeat, and takes back in order.', async () => {
  const deaths = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), beginnings, deaths, async (wanted, verified, beginning, dieAt) => {
      const { run, acts, asked, told, audit } = await lives({ steps: wanted, verified, beginning }, dieAt);
      expect(wrongBeginning(beginning, { outcome: run?.outcome, acts: acts.length, asked, told })).toEqual(
        [],
      );
      expect(finalOutcome.options).toContain(run?.outcome);
      expect(audit).toMatchObject({ ok: true });
      expect(repeatedWrongly(wanted, acts)).toEqual([]);
      expect(outOfOrder(acts)).toEqual([]);
      expect(leftBehind(wanted, acts, run)).toEqual([]);
      if (run?.outcome === 'succeeded') expect(undone(wanted, acts)).toEqual([]);
    }),
    { numRuns: 120 },
  );
}, 240_000);

test('The checks of this file notice what they are for.', () => {
  const once: ScriptedStep = { repeatable: false, scripts: ['ok'], retries: 0, undo: ['ok'] };
  const act = (position: number, phase: 'do' | 'undo' = 'do', played: Script = 'ok'): Act => ({
    ...{ position, phase, script: played },
  });
  expect(repeatedWrongly([once], [act(0), act(0)])).toHaveLength(1);
  expect(repeatedWrongly([{ ...once, repeatable: true }], [act(0), act(0)])).toEqual([]);
  expect(outOfOrder([act(0), act(1), act(0, 'undo'), act(1, 'undo')])).toHaveLength(1);
  expect(outOfOrder([act(0), act(0, 'undo'), act(1)])).toHaveLength(1);
  expect(leftBehind([once], [act(0)], { outcome: 'compensated' })).toHaveLength(1);
  expect(undone([once, once], [act(0)])).toHaveLength(1);
  const quiet = { outcome: 'not-needed', acts: 0, asked: false, told: false };
  expect(wrongBeginning({ applies: ['no'], mode: 'auto' }, quiet)).toEqual([]);
  expect(wrongBeginning({ applies: ['no'], mode: 'auto' }, { ...quiet, told: true })).toHaveLength(1);
  expect(wrongBeginning({ applies: ['nobody knows'], mode: 'auto' }, quiet)).toHaveLength(1);
  const went = { ...quiet, outcome: 'succeeded', acts: 1 };
  expect(wrongBeginning({ applies: ['no'], mode: 'auto' }, went)).toHaveLength(1);
  expect(wrongBeginning({ applies: null, mode: 'approve' }, went)).toHaveLength(1);
});

/** What does nothing because it is not needed does nothing, and tells nobody; only who says no has it end so. */
function wrongBeginning(
  { applies, mode }: Beginning,
  {
    outcome,
    acts,
    asked,
    told,
  }: { outcome?: string | undefined; acts: number; asked: boolean; told: boolean },
): string[] {
  const wrong: string[] = [];
  const isNeedless = outcome === 'not-needed';
  if (isNeedless && (acts > 0 || asked || told)) wrong.push('it was not needed, and not left alone');
  if (isNeedless && !applies?.includes('no')) wrong.push('nobody said that it is not needed');
  if (applies?.every((one) => one === 'no') && !isNeedless) wrong.push('it was not needed, and went on');
  if (acts > 0 && mode === 'approve' && !asked) wrong.push('it acted, and no person was asked');
  return wrong;
}

/** Steps that acted again although they must not, and something may have been changed by them before. */
function repeatedWrongly(wanted: readonly ScriptedStep[], acts: readonly Act[]): string[] {
  return wanted.flatMap(({ repeatable }, position) => {
    const own = acts.filter((act) => act.position === position && act.phase === 'do');
    const again = own.slice(0, -1).some((act) => changes(act.script));
    return !repeatable && again ? [`step ${position} acted again: ${JSON.stringify(own)}`] : [];
  });
}

/** Steps begin in order; once one is taken back, no step acts any more, and undos go from the last to the first. */
function outOfOrder(acts: readonly Act[]): string[] {
  return acts.slice(1).flatMap((act, index) => {
    const before = acts[index];
    if (!before) return [];
    const wrong =
      before.phase === act.phase
        ? before.phase === 'do'
          ? act.position < before.position
          : act.position > before.position
        : before.phase === 'undo';
    return wrong ? [`${JSON.stringify(before)} and then ${JSON.stringify(act)}`] : [];
  });
}

/** Whoever says that all was taken back has taken all of it back. */
function leftBehind(
  wanted: readonly ScriptedStep[],
  acts: readonly Act[],
  run: Pick<RunRecord, 'outcome'> | undefined,
): string[] {
  if (run?.outcome !== 'compensated') return [];
  return wanted.flatMap((_, position) => {
    const own = acts.filter((act) => act.position === position);
    const acted = own.some(({ phase, script: played }) => phase === 'do' && changes(played));
    const back = own.some(({ phase, script: played }) => phase === 'undo' && ['ok', 'read'].includes(played));
    return acted && !back ? [`step ${position} was not taken back`] : [];
  });
}

/** Whoever says that all went well has carried out each step to its good end. */
function undone(wanted: readonly ScriptedStep[], acts: readonly Act[]): string[] {
  return wanted.flatMap((_, position) => {
    const own = acts.filter((act) => act.position === position && act.phase === 'do');
    return ['ok', 'read'].includes(own.at(-1)?.script ?? '') ? [] : [`step ${position} did not succeed`];
  });
}
