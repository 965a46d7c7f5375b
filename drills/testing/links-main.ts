import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { readLinksConfig } from '../proxy/config.ts';
import { startLinks } from '../proxy/link-server.ts';

/** The `andon links` of tests: a proxy as a process of its own, until its stdin closes. */
const links = await startLinks(readLinksConfig(process.argv[2] ?? ''), {
  clock: systemClock,
  log: silentLog,
});
process.stdout.write(`${JSON.stringify({ ready: true, url: links.url })}\n`);
process.stdin.resume().once('end', () => void links[Symbol.asyncDispose]());
