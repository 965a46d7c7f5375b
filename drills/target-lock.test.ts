import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { modulePath } from '../kit/module-path.ts';
import { targetSchema } from '../kit/targets.ts';
import { waitFor } from '../kit/wait.ts';
import { lockTarget } from './target-lock.ts';

const database = (name: string, user = 'a') =>
  targetSchema.parse({ kind: 'postgres', url: `postgres://${user}@127.0.0.1:1/${name}-${process.pid}` });

test('A target that a drill works on is refused to another, under whatever name and user, until the first ends.', async () => {
  const first = await lockTarget('mes-db', database('mes'));
  await expect(lockTarget('plant-db', database('mes', 'b'))).rejects.toThrow(
    'another drill is at work on target plant-db',
  );
  await (await lockTarget('erp-db', database('erp')))[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  await (await lockTarget('mes-db', database('mes')))[Symbol.asyncDispose]();
});

test('The lock of a killed process is gone with it.', async () => {
  const target = database('killed');
  const program = `const { lockTarget } = await import(${JSON.stringify(modulePath(import.meta.url, './target-lock'))});
    await lockTarget('x', ${JSON.stringify(target)}); console.log('locked'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(createInterface({ input: child.stdout }), 'line');
  await expect(lockTarget('x', target)).rejects.toThrow('another drill');
  child.kill('SIGKILL');
  await waitFor(async () => (await lockTarget('x', target))[Symbol.asyncDispose]().then(() => true), {
    what: 'the lock of the dead',
    timeoutMs: 10_000,
  });
});
