import type { RunRecord, RunStep } from '../store/run.ts';

/** What a person does now about a run, in the order in which it is done; nothing for one that went well or is on its way. */
export function nextActions(run: RunRecord): string[] {
  const on = run.target === null ? '' : ` on ${run.target}`;
  switch (run.state) {
    case 'awaiting-approval':
      return [`Read the plan, then approve or reject it: andon runbook approve ${run.id}`];
    case 'held':
      return ['Runbooks were paused when it came: do it by hand, or end the pause (andon runbook resume).'];
    case 'refused':
      return [
        `Nothing was done${on}. If the alert still fires, do by hand what the plan says, or mend what the reason names.`,
      ];
    case 'compensated':
      return [
        `What it had done${on} was taken back, so the cause is still there: look at the step that failed.`,
      ];
    case 'failed':
    case 'handed-off':
      return [...leftBehind(run), ...goOn(run, on)];
    default:
      return [];
  }
}

/** What may have changed and was not taken back. */
function leftBehind({ steps }: RunRecord): string[] {
  const undone = new Set(
    steps
      .filter(({ phase, outcome }) => phase === 'undo' && outcome === 'succeeded')
      .map(({ position }) => position),
  );
  return steps
    .filter(({ position, touched }) => touched !== 0 && !undone.has(position))
    .map((step) => sentence(step));
}

function sentence({ position, phase, step, touched, outcome }: RunStep): string {
  const name = `${phase === 'undo' ? 'The undo of step' : 'Step'} ${position} (${step})`;
  if (touched === null || outcome === 'interrupted')
    return `${name} may have taken effect, nobody knows: look whether it did.`;
  return `${name} has changed ${touched} ${touched === 1 ? 'thing' : 'things'}, which stands: look whether it helped.`;
}

function goOn({ runbook, steps, plan }: RunRecord, on: string): string[] {
  if (steps.length === 0 && plan !== '')
    return [`Nothing was done${on}. Decide whether to do what the plan says: andon runbook run ${runbook}`];
  return [`Go on by hand where it stopped${on}; the steps below say how far it came.`];
}
