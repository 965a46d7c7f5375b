import type { Candidate } from './candidate.ts';
import type { AnswerCounts } from './served-version.ts';

/** How the last candidate went: `lease`, `crash` or `start-failed` by itself, `holder` by its maker, else by whoever says so. */
export interface EndedCandidate {
  version: string;
  holder: string;
  by: string;
  /** What whoever ended it calls the act, so that he recognises it after a crash of his own. */
  operation: string | null;
  at: number;
  requests: AnswerCounts | null;
}

/** What has been decided about versions, beside the one on trial. */
export interface Standing {
  promoted?: Candidate | undefined;
  promotedAt?: number | undefined;
  /** The one that was promoted before; it keeps running, so that going back takes no start. */
  former?: Candidate | undefined;
  ended?: EndedCandidate | undefined;
}
