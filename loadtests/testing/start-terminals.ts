// Started by a test as a process of its own, to be killed: plays terminals until then.
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { terminalsLoad } from '../terminals.ts';

const [k6 = '', mesUrl = '', dir = '', mark = ''] = process.argv.slice(2);
const pace = { quantity: 3, thinkMs: 40, timeoutMs: 700, retryMs: 100, rampMs: 100 };
const start = terminalsLoad({
  k6,
  mesUrl,
  token: 't',
  dir,
  env: { HOME: dir },
  clock: systemClock,
  log: silentLog,
  pace,
});
const request = { profile: 'terminals', users: 2, durationMs: 600_000, mark };
await (await start(request, new AbortController().signal)).finished;
