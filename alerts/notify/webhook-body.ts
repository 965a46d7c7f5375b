import { z } from 'zod';
import { isoTime } from '../../kit/clock.ts';
import type { NotifiedAlert } from './message.ts';

const time = z
  .string()
  .refine((text) => Number.isFinite(Date.parse(text)), 'is no time; it must be as in 2026-01-31T08:00:00Z');

/** Go writes an empty map as null in some places. */
const texts = z.record(z.string(), z.string());
const alert = z.object({
  status: z.enum(['firing', 'resolved']),
  labels: texts,
  annotations: texts.nullish(),
  startsAt: time,
  endsAt: z.string().nullish(),
  generatorURL: z.string().nullish(),
  fingerprint: z.string().min(1).max(200),
});

/** Alertmanager's webhook, version 4: only what is needed is demanded, and fields that newer releases add are let through. */
export const webhookBody = z
  .object({
    version: z.literal('4'),
    /** How many alerts Alertmanager has left out of the list. */
    truncatedAlerts: z.int().min(0).default(0),
    alerts: z.array(alert),
  })
  .transform(({ truncatedAlerts, alerts }) => ({
    omitted: truncatedAlerts,
    alerts: alerts.map(notifiedAlert),
  }));

/** What one webhook says. */
export type Notification = z.output<typeof webhookBody>;

function notifiedAlert(from: z.output<typeof alert>): NotifiedAlert {
  const { status, labels, annotations, startsAt, fingerprint } = from;
  const endsAt = status === 'resolved' ? Date.parse(from.endsAt ?? '') : Number.NaN;
  const link = httpUrl(from.generatorURL);
  return {
    fingerprint,
    startsAt: isoTime(Date.parse(startsAt)),
    ...(Number.isFinite(endsAt) ? { endsAt: isoTime(endsAt) } : {}),
    status,
    labels,
    annotations: annotations ?? {},
    ...(link === undefined ? {} : { generatorUrl: link }),
  };
}

/** People click on it: anything but a web address is left out. */
const httpUrl = (text: string | null | undefined): string | undefined =>
  text && /^https?:\/\//i.test(text) && URL.canParse(text) ? text : undefined;
