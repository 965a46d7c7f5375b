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

/** Whether a word is one of ISA-95's own. */
export const isJobOrderState = (word: string): word is JobOrderState =>
  (jobOrderStates as readonly string[]).includes(word);
