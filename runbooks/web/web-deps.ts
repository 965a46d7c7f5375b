import type { Redaction } from '../../exporters/web/redaction.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import type { AuditLog } from '../audit/audit.ts';
import type { RunbooksConfig } from '../config.ts';
import type { RunbookEngine } from '../engine/engine.ts';
import type { Runbook } from '../schema/runbook.ts';
import type { SnapshotSets } from '../snapshots/set.ts';
import type { RunStore } from '../store/store.ts';

/** What the HTTP side works with. */
export interface WebDeps {
  engine: Pick<RunbookEngine, 'deliver' | 'deliverEvent' | 'ring'>;
  store: RunStore;
  audit: AuditLog;
  runbooks: readonly Runbook[];
  /** Those of `runbooks.snapshots`: what was left half done is shown. */
  snapshots: SnapshotSets;
  config: Pick<RunbooksConfig, 'token' | 'hmac_secret' | 'people' | 'public_url'>;
  /** The plant's (an IANA name): people read its wall clock. */
  timezone: string;
  /** Takes passwords and tokens out of what steps and drivers say. */
  redact: Redaction;
  clock: Clock;
  log: Log;
}
