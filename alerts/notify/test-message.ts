import { randomUUID } from 'node:crypto';
import { isoTime } from '../../kit/clock.ts';
import type { Message } from './message.ts';

/** One message that says in every field that it is only a test. */
export function testMessage(receiver: string, now: number): Message {
  const id = randomUUID();
  const alert = {
    fingerprint: `andon-test-${id}`,
    startsAt: isoTime(now),
    status: 'firing' as const,
    labels: { alertname: 'AndonTest', tier: 'C', severity: 'info', test: 'true' },
    annotations: {
      summary: `TEST: ${receiver} can be reached`,
      description: 'This is only a test. Nothing is wrong, and nothing needs to be done.',
    },
  };
  return { id, tier: 'C', items: [{ alert, event: 'firing', tier: 'C' }], omitted: 0 };
}
