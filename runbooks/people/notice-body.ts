import { z } from 'zod';
import type { Redaction } from '../../exporters/web/redaction.ts';
import { isoTime } from '../../kit/clock.ts';
import { type ReleaseNotice, releaseNotice } from '../releases/tell-of-release.ts';
import type { Message } from '../store/messages.ts';
import type { RunRecord } from '../store/run.ts';
import type { HandOff } from './hand-off.ts';
import { nextActions } from './next-actions.ts';

const over = z.strictObject({ over: z.string(), at: z.number() });

const handOff = z.object({
  kind: z.enum(['approval', 'ended', 'message']),
  title: z.string(),
  text: z.string(),
  tier: z.enum(['A', 'B', 'C']),
  /** As it was written by this program. */
  run: z.custom<RunRecord>((value) => typeof value === 'object' && value !== null && 'steps' in value),
});

const alertNames: Record<HandOff['kind'], string> = {
  approval: 'RunbookAsksApproval',
  ended: 'RunbookNeedsPerson',
  message: 'RunbookMessage',
};

/** A chat message is read on a phone; the page has the rest. */
const longestText = 600;
const longestDescription = 2000;
const stepsTold = 4;

export interface NoticeDeps {
  /** The message of that key. */
  get(key: string): Message | undefined;
  publicUrl: string | undefined;
  redact: Redaction;
}

/** A message as Alertmanager would send it (webhook, version 4); undefined where what is over was never told. */
export function noticeBody(message: Message, deps: NoticeDeps): object | undefined {
  const body: unknown = JSON.parse(message.body);
  const release = releaseNotice.safeParse(body);
  if (release.success) return webhookOf(alertOfRelease(message, release.data, deps));
  const ended = over.safeParse(body);
  if (!ended.success) return webhookOf(alertOf(message, handOff.parse(body), deps));
  const told = deps.get(ended.data.over);
  if (!told) return undefined;
  const firing = alertOf(told, handOff.parse(JSON.parse(told.body)), deps);
  return webhookOf({ ...firing, status: 'resolved', endsAt: isoTime(ended.data.at) });
}

interface WebhookAlert {
  status: 'firing' | 'resolved';
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: string;
  endsAt: string;
  generatorURL: string;
  fingerprint: string;
}

const webhookOf = (alert: WebhookAlert): object => ({
  version: '4',
  groupKey: alert.fingerprint,
  truncatedAlerts: 0,
  status: alert.status,
  receiver: 'runbooks',
  groupLabels: {},
  commonLabels: alert.labels,
  commonAnnotations: alert.annotations,
  externalURL: alert.generatorURL,
  alerts: [alert],
});

function alertOf(
  { key, createdAt }: Message,
  { kind, title, text, tier, run }: z.output<typeof handOff>,
  { publicUrl, redact }: NoticeDeps,
): WebhookAlert {
  const { id, runbook, target } = run;
  return {
    status: 'firing',
    labels: {
      ...{ alertname: alertNames[kind], tier, runbook, run: id },
      ...(target === null ? {} : { target }),
      ...(run.alert === null ? {} : { alert: run.alert }),
    },
    annotations: {
      summary: redact(title).slice(0, longestText),
      description: redact(descriptionOf(kind, text, run)).slice(0, longestDescription),
    },
    startsAt: isoTime(createdAt),
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: publicUrl === undefined ? '' : `${publicUrl.replace(/\/$/, '')}/run/${id}`,
    fingerprint: key,
  };
}

/** A release that needs a person limits a function: the stable version serves. */
function alertOfRelease(
  { key, createdAt }: Message,
  { release, target, version, title, text }: ReleaseNotice,
  { redact }: NoticeDeps,
): WebhookAlert {
  return {
    status: 'firing',
    labels: { alertname: 'ReleaseNeedsPerson', tier: 'B', release: String(release), target, version },
    annotations: {
      summary: redact(title).slice(0, longestText),
      description: redact(text).slice(0, longestDescription),
    },
    startsAt: isoTime(createdAt),
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: '',
    fingerprint: key,
  };
}

/** Why, how far it came, and what to do now. */
function descriptionOf(kind: HandOff['kind'], text: string, run: RunRecord): string {
  if (kind === 'message') return text;
  const steps = run.steps
    .slice(-stepsTold)
    .map(
      ({ position, phase, step, outcome, summary }) =>
        `${phase === 'undo' ? 'undo of ' : ''}${position}. ${step}: ${outcome}${summary === '' ? '' : `, ${summary}`}`,
    );
  return [
    text.slice(0, longestText),
    ...(kind === 'approval' ? [run.plan.slice(0, longestText)] : []),
    ...steps.map((line) => line.slice(0, longestText)),
    ...(kind === 'ended' ? nextActions(run) : []),
  ].join('\n');
}
