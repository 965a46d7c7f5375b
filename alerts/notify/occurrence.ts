import { z } from 'zod';
import { alertTiers } from '../tiers.ts';
import type { NotifiedAlert } from './message.ts';

/** One alert from its start to its end, as it is stored. */
export interface Occurrence {
  readonly id: number;
  readonly kind: 'alert' | 'heartbeat';
  readonly tier: (typeof alertTiers)[number];
  /** As it was told when it fired; undefined while only its end has been heard of. */
  readonly firing: NotifiedAlert | undefined;
  readonly resolved: NotifiedAlert | undefined;
  /** Unix milliseconds. */
  readonly firstSeen: number;
  /** The secret of its link; only where somebody is waited for. */
  readonly ackToken: string | undefined;
  readonly acknowledged: { readonly at: number; readonly by: string } | undefined;
}

/** The columns that `occurrenceOf` reads. */
export const occurrenceColumns = `o.id, o.kind, o.tier, o.firing, o.resolved, o.first_seen, o.ack_token,
  o.acknowledged_at, o.acknowledged_by`;

const row = z.object({
  id: z.number(),
  kind: z.enum(['alert', 'heartbeat']),
  tier: z.enum(alertTiers),
  firing: z.string().nullable(),
  resolved: z.string().nullable(),
  first_seen: z.number(),
  ack_token: z.string().nullable(),
  acknowledged_at: z.number().nullable(),
  acknowledged_by: z.string().nullable(),
});

/** A row of the table as an occurrence. */
export function occurrenceOf(found: unknown): Occurrence {
  const { id, kind, tier, firing, resolved, first_seen, ...rest } = row.parse(found);
  return {
    id,
    kind,
    tier,
    firing: alertIn(firing),
    resolved: alertIn(resolved),
    firstSeen: first_seen,
    ackToken: rest.ack_token ?? undefined,
    acknowledged:
      rest.acknowledged_at === null
        ? undefined
        : { at: rest.acknowledged_at, by: rest.acknowledged_by ?? '' },
  };
}

/** Only `Occurrences` writes these columns, so their shape is known. */
const alertIn = (json: string | null): NotifiedAlert | undefined =>
  json === null ? undefined : (JSON.parse(json) as NotifiedAlert);
