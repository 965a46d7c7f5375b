import type { AlertTier } from './tiers.ts';

/** What kind of trouble is behind an alert: the shares of real faults are known for the first four. */
export type AlertCause = 'third-party' | 'database' | 'release' | 'hardware' | 'network' | 'load';

/** Who is asked first: those at the line, those who run its computers, those who mend machines. */
export type AlertOwner = 'line' | 'it' | 'maintenance';

/** One alert in one tier. The same name may stand in several tiers, with another threshold in each. */
export interface AlertRule {
  /** In CamelCase, after the thing that is wrong. */
  readonly name: string;
  readonly tier: AlertTier;
  /** The stable error code, as in MES-A-101: domain, tier, number. A code is never used again for something else. */
  readonly code: string;
  /** Left out where the monitoring itself is what is wrong. */
  readonly cause?: AlertCause;
  readonly expr: string;
  /** How long the condition must hold: the `for` of Prometheus. */
  readonly forMs: number;
  /** The fault may make the scrape itself hang until its timeout. */
  readonly canHang?: boolean;
  /** How long after the fault the condition needs to become true, and why. Part of the detection bound. */
  readonly onset?: { readonly ms: number; readonly reason: string };
  /** Always fires, to prove that alerts get through: it is no trouble, and nothing keeps it alive. */
  readonly heartbeat?: boolean;
  /** Says nothing while the plant does not work: nobody expects a line to move on a Sunday night. */
  readonly onlyInShift?: boolean;
  readonly owner?: AlertOwner;
  /** The uid of the Grafana dashboard that shows it. */
  readonly dashboard?: string;
  /** The condition in a few plain words, for tables. */
  readonly when: string;
  /** One line, for the subject of a message; Prometheus templates allowed. */
  readonly summary: string;
  /** What is known of this very case; Prometheus templates allowed. */
  readonly detail?: string;
  /** What it means for the plant; plain sentences. */
  readonly meaning: string;
  /** What to do first; plain sentences. */
  readonly action: string;
}

/** A series that Prometheus computes at each evaluation, before the alerts that use it. */
export interface RecordingRule {
  /** `level:metric:operation`. */
  readonly record: string;
  readonly expr: string;
  /** Looks back over days, and so is computed once a minute only. */
  readonly slow?: boolean;
}
