import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock as clock } from '../kit/clock.ts';
import { createSnapshot } from '../runbooks/snapshots/create.ts';
import { rollbackSnapshot } from '../runbooks/snapshots/rollback.ts';
import { snapshotSet } from '../runbooks/snapshots/set.ts';
import { verifySnapshot } from '../runbooks/snapshots/verify.ts';
import { type Measurement, printTable } from './table.ts';

const folders = 100;
const filesInFolder = 100;
const fileBytes = 107_374; // 10,000 of them are 1 GiB.
/** What the issue asks for, whatever has changed meanwhile. */
const rollbackLimitSeconds = 10;

/**
 * A folder of 10,000 files and 1 GiB, all different: how long it takes to copy it, to read the copy again, and to go back to it after
 * every hundredth file was changed and after all were. The caches are warm: what is measured is what Andon adds, and `cp -r` and
 * reading with sha256sum in the same run say what this computer can do. `sync` is part of all that writes.
 */
export async function measureSnapshots(): Promise<Measurement[]> {
  const temp = mkdtempSync(path.join(tmpdir(), 'andon-bench-'));
  try {
    const folder = path.join(temp, 'plant', 'config');
    const set = snapshotSet({ config: { folder, store: path.join(temp, 'store') } }, 'config');
    writeFiles(folder, 1);
    sync(temp);
    const copied = await seconds(() => {
      execFileSync('cp', ['-r', folder, path.join(temp, 'copy')]);
      sync(temp);
    });
    rmSync(path.join(temp, 'copy'), { recursive: true });
    const read = await seconds(() =>
      execFileSync('sh', ['-c', 'find "$0" -type f -print0 | xargs -0 -n 500 sha256sum > /dev/null', folder]),
    );
    const created = await timed(() => createSnapshot(set, { clock }));
    const verified = await timed(() => verifySnapshot(set, created.result));
    writeFiles(folder, 100);
    sync(temp);
    const few = await timed(() => rollbackSnapshot(set, created.result.id, { clock }));
    writeFiles(folder, 1);
    sync(temp);
    const all = await timed(() => rollbackSnapshot(set, created.result.id, { clock }));
    const changed = (rollback: typeof few) => rollback.result.changed.length;
    return [
      { what: 'snapshots: cp -r and sync', value: copied, unit: 's' },
      { what: 'snapshots: sha256sum of all', value: read, unit: 's' },
      { what: 'snapshots: damaged objects', value: verified.result.length, unit: '', target: 0 },
      { what: 'snapshots: create', value: created.seconds, unit: 's' },
      { what: 'snapshots: create : cp -r', value: created.seconds / copied, unit: 'ratio' },
      { what: 'snapshots: verify', value: verified.seconds, unit: 's' },
      { what: 'snapshots: verify : sha256sum', value: verified.seconds / read, unit: 'ratio' },
      ...[few, all].flatMap((rollback) => [
        {
          what: `snapshots: rollback, ${changed(rollback)} files changed`,
          value: rollback.seconds,
          unit: 's',
          target: rollbackLimitSeconds,
        },
        {
          what: `snapshots: rollback, ${changed(rollback)} changed : cp -r`,
          value: rollback.seconds / copied,
          unit: 'ratio',
        },
      ]),
    ];
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}

/** Every n-th file gets other content. */
function writeFiles(folder: string, every: number): void {
  const content = Buffer.allocUnsafe(fileBytes);
  for (let index = 0; index < folders * filesInFolder; index += every) {
    const inner = path.join(folder, `line-${Math.floor(index / filesInFolder)}`);
    mkdirSync(inner, { recursive: true });
    writeFileSync(path.join(inner, `setting-${index}.bin`), randomFillSync(content));
  }
}

/** Only this file system: what others write meanwhile must not be measured. */
const sync = (folder: string): void => void execFileSync('sync', ['-f', folder]);

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const from = performance.now();
  return { result: await work(), seconds: (performance.now() - from) / 1000 };
}

const seconds = async (work: () => unknown): Promise<number> => (await timed(async () => work())).seconds;

if (import.meta.main) printTable(await measureSnapshots(), process.stdout);
