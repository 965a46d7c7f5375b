import { stormOf } from '../../runbooks/testing/deliveries.ts';
import { sendStorm } from '../../runbooks/testing/storm-sender.ts';

/** The sender as a process of its own: URL PER-SECOND INSTANCES. Says how many it has sent, and last its result as JSON. */
const [url = '', perSecond = '', instances = ''] = process.argv.slice(2);
let said = 0;
const result = await sendStorm(
  stormOf(Number(instances)),
  { url, perSecond: Number(perSecond), connections: 64 },
  (sent) => {
    if (sent - said < 500) return;
    said = sent;
    process.stdout.write(`sent ${sent} ${performance.now()}\n`);
  },
);
process.stdout.write(`${JSON.stringify({ ...result, endedAt: performance.now() })}\n`);
