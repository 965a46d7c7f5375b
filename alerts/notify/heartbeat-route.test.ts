import { expect, test } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { renderAlertmanagerConfig } from '../alertmanager-config.ts';
import { alertsSection } from '../config.ts';
import { startTestAlertmanager } from '../testing/alertmanager.ts';

test('Alertmanager repeats the Watchdog to a receiver with a heartbeat as often as it says, and nothing else of its tier.', async () => {
  await using alertmanager = await startTestAlertmanager((url) =>
    renderAlertmanagerConfig({
      timing: alertsSection.parse({ group_wait: '0s', group_interval: '1s' }),
      receivers: [{ name: 'notify', url, tiers: ['A'], heartbeat: 1000 }],
    }),
  );
  await alertmanager.fire(
    { alertname: 'Watchdog', tier: 'C' },
    { alertname: 'Advice', tier: 'C' },
    { alertname: 'MesDown', tier: 'A' },
  );
  const beats = () => alertmanager.delivered.filter(({ alertname }) => alertname === 'Watchdog').length;
  await waitFor(() => beats() >= 4, { what: 'the fourth heartbeat', timeoutMs: 60_000 });
  const others = alertmanager.delivered.filter(({ alertname }) => alertname !== 'Watchdog');
  // Negative controls: an alert without a heartbeat is not repeated within hours, and another C does not come at all.
  expect(others.map(({ alertname }) => alertname)).toEqual(['MesDown']);
});
