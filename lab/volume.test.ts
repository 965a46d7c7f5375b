import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startKeeper } from '../kit/keeper.ts';
import { silentLog } from '../kit/log.ts';
import { waitFor } from '../kit/wait.ts';
import { childrenOf, notedKeeper } from './children-file.ts';
import { takeLabFolder } from './folder.ts';
import { mountVolume, volumeFolder, volumeLogs } from './volume.ts';

const root = mkdtempSync(path.join(tmpdir(), 'andon-volumes-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const env = { PATH: process.env.PATH ?? '' };

async function probe(name: string) {
  const dir = path.join(root, name);
  const stack = new AsyncDisposableStack();
  stack.use(await takeLabFolder(dir));
  const owner = { keeper: stack.use(notedKeeper(await startKeeper(), dir)), log: silentLog };
  const logFile = path.join(dir, 'logs', 'volume.log');
  return { dir, stack, volume: await mountVolume(dir, { owner, env, logFile }) };
}

const isMounted = (folder: string) => readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${folder} `);

const first = await probe('first');
await first.volume?.[Symbol.asyncDispose]();
await first.stack.disposeAsync();
const reason = first.volume ? '' : ' (not tried: nothing may be mounted here)';

test.skipIf(!first.volume)(`A lab's volume is small, and gone when the lab is.${reason}`, async () => {
  const { stack, volume } = await probe('small');
  const folder = volume?.folder ?? expect.fail();
  const { bsize, blocks } = statfsSync(folder);
  expect([bsize * blocks, isMounted(folder)]).toEqual([32 * 2 ** 20, true]);
  expect(existsSync(volumeLogs(folder).folder)).toBe(true);
  await volume?.[Symbol.asyncDispose]();
  expect(isMounted(folder)).toBe(false);
  await stack.disposeAsync();
});

test.skipIf(!first.volume)(
  `It goes with its keeper, and a lab clears away one that nobody unmounted.${reason}`,
  async () => {
    const { dir, stack, volume } = await probe('killed');
    const folder = volume?.folder ?? expect.fail();
    await stack.disposeAsync();
    await waitFor(() => !isMounted(folder), { what: 'the unmounting', timeoutMs: 20_000 });
    const left = await probe('left');
    const [holder] = childrenOf(left.dir);
    writeFileSync(path.join(volumeFolder(left.dir), 'file'), 'left');
    process.kill(-(holder?.pid ?? 0), 'SIGKILL');
    await left.stack.disposeAsync();
    expect(isMounted(volumeFolder(left.dir))).toBe(true);
    using _next = await takeLabFolder(left.dir);
    expect(isMounted(volumeFolder(left.dir))).toBe(false);
    expect(isMounted(volumeFolder(dir))).toBe(false);
  },
);
