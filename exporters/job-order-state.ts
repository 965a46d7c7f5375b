/** The ISA-95 job-order states (OPC 10031-4) that metrics speak in. */
export const jobOrderStates = [
  'not_allowed_to_start',
  'allowed_to_start',
  'running',
  'interrupted',
  'ended',
  'aborted',
] as const;
export type JobOrderState = (typeof jobOrderStates)[number];

const byPlantState: Readonly<Record<string, JobOrderState>> = {
  created: 'not_allowed_to_start',
  returned: 'not_allowed_to_start',
  dispatched: 'allowed_to_start',
  running: 'running',
  paused: 'interrupted',
  completed: 'ended',
  closed: 'ended',
  aborted: 'aborted',
};

/** The plant's word for a state → ISA-95's; undefined for a word nobody told us about. */
export const jobOrderStateOf = (plantState: string): JobOrderState | undefined => byPlantState[plantState];

/** States that a work order never leaves: how long it sits there says nothing. */
export const terminalPlantStates: readonly string[] = ['closed', 'aborted'];
