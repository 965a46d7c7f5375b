import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { layOut } from './layout.ts';
import * as signals from './signals.ts';

/** The board over the line: is anything red, and what is it? From the light at the top down to the parts. */
export const andonBoard = (): Dashboard =>
  layOut(
    {
      uid: 'andon-board',
      title: 'Andon board',
      description: 'The light over the line for the systems behind it: MES, database, queues and devices.',
      from: 'now-1h',
    },
    [
      { title: 'Light', panels: [signals.light, signals.firingNow] },
      { title: 'Health', panels: [signals.reachable, signals.queuesConsumed, signals.devicesHeard] },
      {
        title: 'Operations',
        panels: [signals.operationSuccess, signals.operationRate, signals.workOrders],
      },
      { title: 'Database', panels: [signals.blockedSessions, signals.lockWait, signals.connections] },
      { title: 'Queues and devices', panels: [signals.queueDepth, signals.heartbeatAge] },
    ],
  ).build();
