import { stringify } from 'yaml';
import { promDuration } from '../kit/duration.ts';
import type { AlertsConfig } from './config.ts';
import { inhibitions } from './inhibitions.ts';

/** A webhook that is told of every alert, and of its end. */
export interface WebhookReceiver {
  name: string;
  url: string;
  /** A file that holds the bearer token. */
  tokenFile?: string | undefined;
}

/** Takes what no receiver is configured for; it has no channel. */
const nobody = 'nobody';

/** alertmanager.yml (0.25 and later) as text. */
export function renderAlertmanagerConfig(options: {
  timing: Pick<AlertsConfig, 'group_wait' | 'group_interval' | 'repeat_interval'>;
  receivers: readonly WebhookReceiver[];
}): string {
  const { timing, receivers } = options;
  return stringify({
    route: {
      receiver: nobody,
      // With `tier` in it an A alert never waits for the group_interval of a B group that is already live.
      group_by: ['alertname', 'tier', 'target'],
      group_wait: promDuration(timing.group_wait),
      group_interval: promDuration(timing.group_interval),
      repeat_interval: promDuration(timing.repeat_interval),
      routes: receivers.map(({ name }) => ({ receiver: name, continue: true })),
    },
    inhibit_rules: inhibitions.map(({ source, target, equal }) => ({
      source_matchers: [...source],
      target_matchers: [...target],
      equal: [...equal],
    })),
    receivers: [{ name: nobody }, ...receivers.map(webhook)],
  });
}

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
