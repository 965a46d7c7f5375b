import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock as clock } from '../../kit/clock.ts';
import { waitFor } from '../../kit/wait.ts';
import { writeGeneration } from '../testing/folder-generation.ts';
import { tempFolder } from '../testing/temp-folder.ts';
import { listSnapshots } from './catalog.ts';
import { createSnapshot } from './create.ts';
import { rollbackSnapshot } from './rollback.ts';
import { runCommand } from './run-command.ts';
import { type SnapshotSet, type SnapshotSets, snapshotSet } from './set.ts';
import { verifySnapshot } from './verify.ts';

let temp: ReturnType<typeof tempFolder>;
beforeEach(() => {
  temp = tempFolder();
  mkdirSync(temp.file('plant/config'), { recursive: true });
  writeGeneration(temp.file('plant/config'), 'one');
});
afterEach(() => temp[Symbol.dispose]());

/** Settings that lie in a file, as a router keeps its routes; `tee` gives it back, and no shell is there to be fooled. */
const setting = (name: string, more: object = {}) => ({
  [name]: {
    capture: ['cat', temp.file(name)],
    restore: ['tee', temp.file(name)],
    timeout: 10_000,
    ...more,
  },
});
const write = (name: string, text: string) => writeFileSync(temp.file(name), text);
const read = (name: string) => readFileSync(temp.file(name), 'utf8');
function setWith(commands: object): SnapshotSet {
  const config = { folder: temp.file('plant/config'), store: temp.file('store'), commands };
  return snapshotSet({ config } as SnapshotSets, 'config');
}
/** A snapshot of generation one and routes `old`, and afterwards generation two and routes `new`. */
async function changed(commands: object = setting('routes')) {
  write('routes', 'old $(touch /tmp/x) `id`\n');
  const set = setWith(commands);
  const taken = await createSnapshot(set, { clock });
  write('routes', 'new\n');
  writeGeneration(set.folder, 'two');
  return { set, taken };
}
const generation = (set: SnapshotSet) =>
  existsSync(path.join(realpathSync(set.folder), 'only-in-two')) ? 'two' : 'one';

test('What a command prints is part of the snapshot, and comes back with the folder; and forth again.', async () => {
  const { set, taken } = await changed();
  expect(taken.settings).toMatchObject([{ name: 'routes', size: 25 }]);
  const done = await rollbackSnapshot(set, taken.id, { clock });
  expect(done.changed).toContain('setting routes');
  expect([read('routes'), generation(set)]).toEqual(['old $(touch /tmp/x) `id`\n', 'one']);
  await rollbackSnapshot(set, done.before ?? '', { clock });
  expect([read('routes'), generation(set)]).toEqual(['new\n', 'two']);
});

test('Settings that alone have changed are a reason to roll back; the same ones are none.', async () => {
  write('routes', 'old');
  const set = setWith(setting('routes'));
  await createSnapshot(set, { clock });
  expect(await rollbackSnapshot(set, 'newest', { clock })).toMatchObject({ switched: false });
  write('routes', 'new');
  expect(await rollbackSnapshot(set, 'newest', { clock })).toMatchObject({
    switched: true,
    changed: ['setting routes'],
  });
  expect(read('routes')).toBe('old');
});

test('A command that fails, prints nothing in time or is not there makes no snapshot.', async () => {
  write('routes', 'old');
  for (const [capture, text, more] of [
    [['cat', temp.file('nowhere')], /No such file/, {}],
    [['andon-no-such-program'], /could not be started/, {}],
    [['sleep', '60'], /did not end within 0.2 s/, { timeout: 200 }],
    [['sh', '-c', 'sleep 60 & sleep 60'], /did not end within 0.2 s/, { timeout: 200 }],
  ] as const) {
    const set = setWith(setting('routes', { capture, ...more }));
    await expect(createSnapshot(set, { clock })).rejects.toThrow(text);
    expect(listSnapshots(set).snapshots).toEqual([]);
  }
});

test('A command that cannot restore leaves everything as it was: those before it are given back.', async () => {
  const { set, taken } = await changed({
    ...setting('routes'),
    ...setting('rules', { capture: ['cat', temp.file('routes')], restore: ['false'] }),
  });
  await expect(rollbackSnapshot(set, taken.id, { clock })).rejects.toMatchObject({
    code: 'snapshot.command',
  });
  expect([read('routes'), generation(set)]).toEqual(['new\n', 'two']);
  await createSnapshot(set, { clock });
});

test('Where not even that can be taken back, nothing is switched, and no snapshot is made of the mixture.', async () => {
  const once = temp.file('once');
  writeFileSync(once, '#!/bin/sh\nif [ -e "$1.used" ]; then exit 7; fi\ntouch "$1.used"\ncat > "$1"\n');
  chmodSync(once, 0o700);
  const { set, taken } = await changed({
    ...setting('routes', { restore: [once, temp.file('routes')] }),
    ...setting('rules', { capture: ['cat', temp.file('routes')], restore: ['false'] }),
  });
  await expect(rollbackSnapshot(set, taken.id, { clock })).rejects.toThrow(
    /could not be taken back.*ended with 7/,
  );
  expect(generation(set)).toBe('two');
  await expect(createSnapshot(set, { clock })).rejects.toMatchObject({
    code: 'snapshot.interrupted',
    mend: expect.stringContaining(`andon snapshot rollback config ${taken.id}`),
  });
  const mended = setWith(setting('routes'));
  await rollbackSnapshot(mended, taken.id, { clock });
  expect([read('routes'), generation(set)]).toEqual(['old $(touch /tmp/x) `id`\n', 'one']);
  await createSnapshot(mended, { clock });
});

test('What no command restores is named and stays.', async () => {
  const { set, taken } = await changed(setting('routes', { restore: undefined }));
  expect(await rollbackSnapshot(set, taken.id, { clock })).toMatchObject({
    switched: true,
    notRestored: ['routes differs, and the set has no command that restores it'],
  });
  const bare = setWith(setting('other', { capture: ['true'] }));
  const { notRestored } = await rollbackSnapshot(bare, taken.id, { clock });
  expect(notRestored).toEqual([
    'routes: no command of the set is called so any more',
    'other was not part of the snapshot',
  ]);
});

test('A damaged setting is named by verify, and refused by rollback before any command is run.', async () => {
  const { set, taken } = await changed();
  const sha256 = taken.settings?.[0]?.sha256 ?? '';
  writeFileSync(path.join(set.store, 'objects', sha256.slice(0, 2), sha256), 'tampered');
  expect(await verifySnapshot(set, taken)).toEqual([expect.stringContaining('the setting routes: its copy')]);
  await expect(rollbackSnapshot(set, taken.id, { clock })).rejects.toMatchObject({
    code: 'snapshot.damaged',
  });
  expect([read('routes'), generation(set)]).toEqual(['new\n', 'two']);
});

test('A program that is ended leaves none of its children behind, and one that does not read its input is fine.', async () => {
  const options = { what: 'it', timeoutMs: 10_000, input: Buffer.alloc(1_000_000) };
  expect(String(await runCommand(['echo', '$HOME; "x"'], options))).toBe('$HOME; "x"\n');
  const stop = new AbortController();
  const running = runCommand(['sh', '-c', 'sleep 60 & echo $! > "$0"; wait', temp.file('pid')], {
    ...options,
    signal: stop.signal,
  });
  const pid = await waitFor(() => existsSync(temp.file('pid')) && (Number(read('pid')) || undefined), {
    what: 'it',
    timeoutMs: 10_000,
  });
  stop.abort(new Error('stopped'));
  await expect(running).rejects.toThrow('stopped');
  await waitFor(() => !existsSync(`/proc/${pid}`), { what: 'the end of its child', timeoutMs: 10_000 });
});
