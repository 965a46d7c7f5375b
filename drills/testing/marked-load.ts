import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { LoadStarter } from '../fault.ts';
import { markVariable } from '../marked-processes.ts';

/**
 * Users who do nothing: one long-living marked process with a child of its own. The real load ends by itself after its duration;
 * this one does not, so that a test sees what ends it.
 */
export const startIdleLoad: LoadStarter = async ({ users, mark }) => {
  const child = spawn('sh', ['-c', 'sleep 600 & wait'], {
    env: { PATH: process.env.PATH, [markVariable]: mark },
    stdio: 'ignore',
    detached: true,
  });
  const finished = once(child, 'exit').then(() => {});
  await once(child, 'spawn');
  return {
    requests: async () => users,
    finished,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid ?? 0), 'SIGKILL');
      await finished;
    },
  };
};
