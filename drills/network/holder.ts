import { runName } from '../run-name.ts';

/** Between the name of a run and what it does. No run's name contains it. */
const separator = '~';

/** The holder of one network fault: `andon-drill-RUN~latency`, so that the faults of a run disturb a target beside each other. */
export const holderOf = (run: string, kind: string): string =>
  `${runName(run)}${separator}${kind.replace(/^network\./, '')}`;

/** Who it is that holds: the run's name, whatever it does. */
export const ownerOf = (holder: string): string => holder.split(separator, 1)[0] ?? holder;

/** Whether this holder is meant by a name: its own, or that of its run. */
export const isMeant = (holder: string, name: string): boolean =>
  holder === name || holder.startsWith(`${name}${separator}`);
