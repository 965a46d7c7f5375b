import path from 'node:path';
import { startChild } from '../children.ts';
import { startKeeper } from '../keeper.ts';
import { silentLog } from '../log.ts';
import { testMark } from './marked.ts';

/**
 * A process that owns children, for tests that kill it: `owner-main.ts <folder> <mark>`. One child is easy to stop, one ignores
 * SIGTERM, one has a child of its own, one is led by a process that has gone. Writes `all` to stdout when all of them are there.
 */
const [folder = '', mark = ''] = process.argv.slice(2);
const programs = {
  plain: 'exec sleep 300',
  stubborn: 'trap "" TERM; while :; do sleep 1; done',
  parent: 'sleep 300 & wait',
  leaderless: 'sleep 300 & exit 0',
};
const keeper = await startKeeper();
for (const [name, program] of Object.entries(programs)) {
  await startChild(
    {
      name,
      command: '/bin/sh',
      args: ['-c', program],
      env: { [testMark]: mark, PATH: '/usr/bin:/bin' },
      logFile: path.join(folder, `${name}.log`),
    },
    { keeper, log: silentLog },
  );
}
process.stdout.write('all\n');
