import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { layOut } from './layout.ts';
import * as signals from './signals.ts';

/** What to watch while a drill runs: what operators feel, when alerts come, and what the fault does inside. */
export const drillDashboard = (): Dashboard =>
  layOut(
    {
      uid: 'andon-drill',
      title: 'Drill',
      description:
        'One outage rehearsal: the steady state, the alerts, the fault, and the eyes that watch it.',
      from: 'now-15m',
    },
    [
      {
        title: 'Steady state',
        panels: [signals.operationSuccess, signals.operationRate, signals.operationWait],
      },
      { title: 'Alerts', panels: [signals.alertStates, signals.light] },
      {
        title: 'Database',
        panels: [signals.blockedSessions, signals.lockWait, signals.connections, signals.poolWaiting],
      },
      { title: 'Queues', panels: [signals.queueDepth, signals.queueAcked, signals.oldestTransaction] },
      { title: 'Exporter', panels: [signals.collectorsWork, signals.collectorDuration] },
    ],
  ).build();
