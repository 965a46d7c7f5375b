import { z } from 'zod';

/**
 * How a release goes. Each state is written down before anything is done in it, so that a process that dies in
 * the middle is followed by one that goes on from there; everything that is done is safe to do twice.
 *
 *   preparing ─ snapshots ─→ deploying ─ serves ─→ canary ─ good, time over ─→ promoting ─→ promoted
 *       │                       │                  │  ↑↓ (too few requests, or by hand)        │ (a person)
 *       └──────→ failed ←───────┘                  │ awaiting ─→ promoting                     │
 *                                                  └──┴─ worse, gone, a person ─→ rolling-back ←┘
 *                                    rolled-back ←─ checking ←─ nobody gets it, settings as before ─┘─→ stuck
 */
export const releaseStates = [
  'preparing',
  'deploying',
  'canary',
  'awaiting',
  'promoting',
  'promoted',
  'rolling-back',
  'stuck',
  'checking',
  'rolled-back',
  'failed',
] as const;
export type ReleaseStateName = (typeof releaseStates)[number];

/** Nothing happens any more by itself. */
export const finalStates: readonly ReleaseStateName[] = ['promoted', 'rolled-back', 'failed'];
/** In these nobody has to wait for time or people: the next step can be done now. */
export const promptStates: readonly ReleaseStateName[] = [
  'preparing',
  'deploying',
  'promoting',
  'rolling-back',
];

const counts = z.object({
  '2xx': z.number(),
  '3xx': z.number(),
  '4xx': z.number(),
  '5xx': z.number(),
  '500': z.number(),
  none: z.number(),
});

/** What is written down of a release beside its state. */
const releaseData = z.object({
  holder: z.string(),
  /** Who started it. */
  actor: z.string(),
  share: z.number(),
  watchMs: z.number(),
  minSamples: z.number(),
  sets: z.array(z.string()),
  snapshots: z.array(z.object({ set: z.string(), id: z.string() })),
  createdAt: z.number(),
  /** When the state was entered. */
  since: z.number(),
  /** Why it is in this state, as a sentence. */
  reason: z.string(),
  /** When callers began to get it, and what the stable version had answered until then. */
  canaryAt: z.number().nullable(),
  baseline: counts.nullable(),
  /** What was seen last: for people. */
  seen: z.string(),
  /** Since when each condition that is false has been so. */
  falseSince: z.record(z.string(), z.number()),
  /** What keeps it from going on: the router cannot be asked, a snapshot is damaged. */
  trouble: z.string().nullable(),
  wasPromoted: z.boolean(),
  /** What the stable version had answered when the rollback was done: what it fails from then on is not the release's. */
  checkBaseline: counts.nullable(),
  aftermath: z.string().nullable(),
});
export type ReleaseData = z.output<typeof releaseData>;

const row = z.object({
  id: z.number(),
  target: z.string(),
  version: z.string(),
  state: z.enum(releaseStates),
  data: z.string(),
});

/** One release of one version to one target. */
export interface Release extends ReleaseData {
  id: number;
  target: string;
  version: string;
  state: ReleaseStateName;
}

export function releaseOf(found: unknown): Release {
  const { data, ...rest } = row.parse(found);
  return { ...releaseData.parse(JSON.parse(data)), ...rest };
}

/** What else than columns of its own is stored of it. */
export const dataOf = (release: ReleaseData): string => JSON.stringify(releaseData.parse(release));

/** How its snapshots are pinned. */
export const pinOf = ({ id }: Pick<Release, 'id'>): string => `release-${id}`;
