import type { AlertTier } from '../../../tiers.ts';
import type { Message, MessageEvent, MessageItem, NotifiedAlert } from '../../message.ts';

/** When the tests' clocks stand. */
export const testNow = Date.parse('2026-01-31T08:17:05.000Z');

interface ItemOptions {
  tier?: AlertTier;
  event?: MessageEvent;
  alert?: Partial<NotifiedAlert>;
  acknowledgeUrl?: string;
}

/** The lock in the MES database that everybody knows. */
export function blockedDatabase({
  tier = 'A',
  event = 'firing',
  alert,
  acknowledgeUrl,
}: ItemOptions = {}): MessageItem {
  const isOver = event === 'resolved' || event === 'heartbeat-back';
  return {
    event,
    tier,
    ...(acknowledgeUrl === undefined ? {} : { acknowledgeUrl }),
    alert: {
      fingerprint: '9f1c2b7a55d0e3aa',
      startsAt: '2026-01-31T08:15:00.000Z',
      ...(isOver ? { endsAt: '2026-01-31T08:16:30.000Z' } : {}),
      status: isOver ? 'resolved' : 'firing',
      labels: { alertname: 'MesDatabaseBlocked', code: 'DB-A-102', target: 'mes-db', line: 'L2', tier },
      annotations: {
        summary: '5 sessions wait for a lock in mes-db',
        description:
          'The session "mes_report" holds the others up, in a transaction open for 2m 10s. Find the root blocker and end its session.',
        runbook_url: 'https://wiki.plant.example/alerts#mesdatabaseblocked',
        dashboard_url: 'https://grafana.plant.example/d/andon-database?var-target=mes-db',
      },
      generatorUrl: 'http://prometheus.plant.example:9090/graph?g0.expr=mes_db_blocked_sessions',
      ...alert,
    },
  };
}

/** A device that has gone silent; each is another. */
export const silentDevice = (tier: AlertTier, number: number): MessageItem => ({
  event: 'firing',
  tier,
  alert: {
    fingerprint: `device-${number}`,
    startsAt: '2026-01-31T08:16:00.000Z',
    status: 'firing',
    labels: {
      alertname: 'MesDevicesSilent',
      code: `DEV-${tier}-2`,
      target: 'mes',
      line: 'L1',
      device: `press-${number}`,
      tier,
    },
    annotations: {
      summary: `press-${number} on line L1 has been silent for 35 s`,
      description: 'Send somebody to look at it.',
      runbook_url: 'https://wiki.plant.example/alerts#mesdevicessilent',
      dashboard_url: 'https://grafana.plant.example/d/andon-devices',
    },
  },
});

/** The notifier itself raises this one. */
export const lostHeartbeat: MessageItem = {
  event: 'heartbeat-lost',
  tier: 'A',
  alert: {
    fingerprint: 'andon-heartbeat',
    startsAt: '2026-01-31T08:17:00.000Z',
    status: 'firing',
    labels: { alertname: 'HeartbeatLost', tier: 'A', severity: 'critical' },
    annotations: {
      summary: 'Alerts no longer arrive: nobody would be told of an outage now',
      description: 'The alert Watchdog has not arrived for 2m. Look whether Prometheus and Alertmanager run.',
    },
  },
};

/** A message about these, in their order. */
export const messageOf = (items: readonly MessageItem[], omitted = 0): Message => ({
  id: '7f4b1c1e-2f3a-4d0e-9d51-0c8f6a2b9e11',
  tier: items[0]?.tier ?? 'C',
  items,
  omitted,
});
