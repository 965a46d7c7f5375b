import type { FinalOutcome } from '../store/run.ts';
import type { Act, Beginning, Script, ScriptedStep } from './scripted-run.ts';

/** What a runbook means, told as plainly as can be: no disk, no crash, no time. The engine must do the same. */
export function interpret(
  steps: readonly ScriptedStep[],
  verified: boolean,
  { applies, mode }: Beginning,
): { acts: Act[]; outcome: FinalOutcome; asked: boolean } {
  // Only who says no ends it: nobody is asked about what is not needed.
  if (applies?.[0] === 'no') return { acts: [], outcome: 'not-needed', asked: false };
  return { ...interpretSteps(steps, verified), asked: mode === 'approve' };
}

function interpretSteps(
  steps: readonly ScriptedStep[],
  verified: boolean,
): { acts: Act[]; outcome: FinalOutcome } {
  const acts: Act[] = [];
  const changed = new Set<number>();
  const play = (position: number, phase: 'do' | 'undo', scripts: readonly Script[]): Script => {
    const before = acts.filter((act) => act.position === position && act.phase === phase).length;
    const script = scripts[Math.min(before, scripts.length - 1)] ?? 'ok';
    acts.push({ position, phase, script });
    return script;
  };

  let failure: FinalOutcome | undefined;
  for (const [position, step] of steps.entries()) {
    let script = play(position, 'do', step.scripts);
    if (changes(script)) changed.add(position);
    for (let retry = 0; retry < step.retries && fails(script); retry++) {
      if (!step.repeatable && changed.has(position)) break;
      script = play(position, 'do', step.scripts);
      if (changes(script)) changed.add(position);
    }
    if (script === 'ok' || script === 'read') continue;
    failure = script === 'refuse' ? 'refused' : 'failed';
    break;
  }
  failure ??= verified ? undefined : 'failed';
  if (failure === undefined) return { acts, outcome: 'succeeded' };

  let takenBack = 0;
  let undoFailed = false;
  let withoutUndo = false;
  for (const position of [...changed].toSorted((a, b) => b - a)) {
    const { undo = null } = steps[position] ?? {};
    if (!undo) {
      withoutUndo = true;
      continue;
    }
    const succeeded = [1, 2].some(() => ['ok', 'read'].includes(play(position, 'undo', undo)));
    if (succeeded) takenBack++;
    else undoFailed = true;
  }
  if (undoFailed || (takenBack > 0 && withoutUndo)) return { acts, outcome: 'handed-off' };
  return { acts, outcome: takenBack > 0 ? 'compensated' : failure };
}

const fails = (script: Script): boolean => script === 'nothing' || script === 'half' || script === 'throw';
/** What throws may have changed something: nobody knows. */
export const changes = (script: Script): boolean =>
  script === 'ok' || script === 'half' || script === 'throw';
