import type { Clock } from '../../kit/clock.ts';
import type { Activity, Reference } from './activity-schema.ts';
import type { Told } from './events.ts';
import { type Experiment, resolve } from './experiment.ts';
import type { JournalKeeper } from './journal.ts';
import type { OwnedProcesses } from './owned-processes.ts';
import type { ProcessPlace } from './process-provider.ts';
import type { Variables } from './substitute.ts';

export const dryModes = ['probes', 'actions', 'activities', 'pause'] as const;
/** What is left out of a run: it is told, and counts as succeeded. */
export type Dry = (typeof dryModes)[number];

/** What every activity of a run is carried out with. */
export interface Stage {
  experiment: Experiment;
  variables: Variables;
  dry: Dry | undefined;
  place: ProcessPlace;
  processes: OwnedProcesses;
  clock: Clock;
  keeper: JournalKeeper;
  tell: (event: Told) => void;
}

/** The activity that an entry is, or refers to. */
export const activityOf = (stage: Stage, entry: Activity | Reference): Activity =>
  resolve(entry, stage.experiment);

/** Whether an activity is only told and not carried out. */
export function isDry(activity: Activity, dry: Dry | undefined): boolean {
  const mode = activity.dry ?? dry;
  if (mode === 'activities') return true;
  return (
    (mode === 'actions' && activity.type === 'action') || (mode === 'probes' && activity.type === 'probe')
  );
}
