import { stringify } from 'yaml';
import { promDuration } from '../kit/duration.ts';
import { type AlertsConfig, groupTiming } from './config.ts';
import { inhibitions } from './inhibitions.ts';
import { onlyInShiftLabel } from './prometheus-rules.ts';
import { intervalNames, timeIntervals } from './shifts.ts';
import { type AlertTier, alertTiers } from './tiers.ts';

/** A webhook that is told of alerts, and of their end. */
export interface WebhookReceiver {
  name: string;
  url: string;
  /** A file that holds the bearer token. */
  tokenFile?: string | undefined;
  /** Which tiers it is told of; all where it is left out. */
  tiers?: readonly AlertTier[];
  /** It is sent the Watchdog again after so long (milliseconds), so that it can notice when alerts stop arriving. */
  heartbeat?: number | undefined;
}

type Routing = Pick<AlertsConfig, 'group_wait' | 'group_interval' | 'repeat_interval' | 'tiers' | 'shifts'>;

/** Takes what no receiver is configured for; it has no channel. */
const nobody = 'nobody';

/** The alert that always fires; see rules/monitoring.ts. */
const watchdog = 'Watchdog';

/** alertmanager.yml (0.25 and later) as text. */
export function renderAlertmanagerConfig(options: {
  timing: Routing;
  receivers: readonly WebhookReceiver[];
}): string {
  const { timing, receivers } = options;
  const intervals = timeIntervals(timing.shifts);
  return stringify({
    route: {
      receiver: nobody,
      // With `tier` in it an A alert never waits for the group_interval of a B group that is already live.
      group_by: ['alertname', 'tier', 'target'],
      ...waits(timing),
      routes: receivers.flatMap((receiver) => [
        ...heartbeatTo(receiver, timing),
        ...routesTo(
          receiver,
          timing,
          intervals.map(({ name }) => name),
        ),
      ]),
    },
    ...(intervals.length > 0 ? { time_intervals: intervals } : {}),
    inhibit_rules: inhibitions.map(({ source, target, equal }) => ({
      source_matchers: [...source],
      target_matchers: [...target],
      equal: [...equal],
    })),
    receivers: [{ name: nobody }, ...receivers.map(webhook)],
  });
}

/** The Watchdog by a route of its own, at all hours. The ordinary routes carry it too, where its tier is wanted: that does no harm. */
function heartbeatTo({ name, heartbeat }: WebhookReceiver, timing: Routing) {
  if (heartbeat === undefined) return [];
  return [
    {
      receiver: name,
      matchers: [`alertname="${watchdog}"`],
      group_wait: '0s',
      // Alertmanager looks once in a group_interval whether it is time to repeat.
      group_interval: promDuration(Math.min(heartbeat, timing.group_interval)),
      repeat_interval: promDuration(heartbeat),
      continue: true,
    },
  ];
}

/** One route for all, or one for each tier where the tiers differ; and the same once more for alerts that only count in shift. */
function routesTo(
  { name, tiers = alertTiers }: WebhookReceiver,
  timing: Routing,
  intervals: readonly string[],
) {
  const differ = tiers.length < alertTiers.length || Object.keys(timing.tiers).length > 0;
  const parts: { matchers: string[] }[] = differ
    ? tiers.map((tier) => ({ matchers: [`tier="${tier}"`], ...waits(groupTiming(timing, tier)) }))
    : [{ matchers: [] }];
  const muted = mutedOffShift(intervals);
  return parts.flatMap(({ matchers, ...rest }) => {
    const to = { receiver: name, ...rest, continue: true };
    if (muted === undefined) return [{ ...to, ...(matchers.length > 0 ? { matchers } : {}) }];
    return [
      { ...to, matchers: [...matchers, `${onlyInShiftLabel}!="true"`] },
      { ...to, matchers: [...matchers, `${onlyInShiftLabel}="true"`], ...muted },
    ];
  });
}

/** When an alert that only counts in shift is held back: it is sent when the shift begins, if it still fires then. */
function mutedOffShift(intervals: readonly string[]): Record<string, string[]> | undefined {
  if (intervals.length === 0) return undefined;
  return {
    ...(intervals.includes(intervalNames.shift) ? { active_time_intervals: [intervalNames.shift] } : {}),
    ...(intervals.includes(intervalNames.holidays) ? { mute_time_intervals: [intervalNames.holidays] } : {}),
  };
}

const waits = (timing: Pick<AlertsConfig, 'group_wait' | 'group_interval' | 'repeat_interval'>) => ({
  group_wait: promDuration(timing.group_wait),
  group_interval: promDuration(timing.group_interval),
  repeat_interval: promDuration(timing.repeat_interval),
});

const webhook = ({ name, url, tokenFile }: WebhookReceiver) => ({
  name,
  webhook_configs: [
    {
      url,
      send_resolved: true,
      ...(tokenFile === undefined
        ? {}
        : { http_config: { authorization: { type: 'Bearer', credentials_file: tokenFile } } }),
    },
  ],
});
