import { systemClock } from '../../../kit/clock.ts';
import { silentLog } from '../../../kit/log.ts';
import type { Channel } from '../channel.ts';
import { startNotifyService } from '../service.ts';
import { testToken } from './running-notifier.ts';

/** A notifier as a process of its own, so that a test can kill it: STORE RECEIVER-URL NAME… */
const [store = '', receiverUrl = '', ...names] = process.argv.slice(2);

const channelTo = (name: string): Channel => ({
  limit: { messages: 100, perMs: 1000 },
  async send(message, signal) {
    try {
      const body = JSON.stringify(message);
      const response = await fetch(`${receiverUrl}/${name}`, { method: 'POST', body, signal });
      await response.arrayBuffer();
      return response.ok ? { outcome: 'delivered' } : { outcome: 'retry', reason: String(response.status) };
    } catch (error) {
      return { outcome: 'retry', reason: String(error) };
    }
  },
});

const service = await startNotifyService({
  listen: { host: '127.0.0.1', port: 0 },
  token: testToken,
  store,
  contacts: names.map((name) => ({ name, channel: channelTo(name) })),
  routes: [],
  heartbeat: { alert: 'Watchdog', silentAfterMs: 120_000, receivers: [] },
  maxAgeMs: 86_400_000,
  keepMs: 30 * 86_400_000,
  clock: systemClock,
  log: silentLog,
  backoff: { baseMs: 10, ceilingMs: 100 },
});
process.stdout.write(`${service.url}\n`);
process.once('SIGTERM', async () => {
  await service[Symbol.asyncDispose]();
  process.exit();
});
