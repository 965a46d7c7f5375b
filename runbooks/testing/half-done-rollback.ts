import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { z } from 'zod';
import { systemClock } from '../../kit/clock.ts';
import { modulePath } from '../../kit/module-path.ts';
import { waitFor } from '../../kit/wait.ts';
import { snapshotSetSection } from '../snapshots/config.ts';
import { createSnapshot } from '../snapshots/create.ts';
import { type SnapshotSet, snapshotSet } from '../snapshots/set.ts';
import { writeGeneration } from './folder-generation.ts';

/** A rollback that has restored a setting and not switched its folder yet; leaving its scope kills it, too. */
export interface HalfDoneRollback extends AsyncDisposable {
  /** As it is written under `runbooks.snapshots.config`. */
  section: z.input<typeof snapshotSetSection>;
  set: SnapshotSet;
  /** The snapshot it is on its way to. */
  to: string;
  /** Kills it there. */
  kill(): Promise<void>;
}

/** Starts one in a process of its own and returns when it has come so far. */
export async function halfDoneRollback(temp: { file(name: string): string }): Promise<HalfDoneRollback> {
  const [folder, store, routes] = [temp.file('config'), temp.file('store'), temp.file('routes')];
  const restored = temp.file('restored');
  const script = `cat > ${routes}; if [ ! -e ${restored} ]; then echo $$ > ${restored}.new; mv ${restored}.new ${restored}; sleep 600; fi`;
  const commands = { routes: { capture: ['cat', routes], restore: ['sh', '-c', script] } };
  const section = { folder, store, commands };
  const set = snapshotSet({ config: snapshotSetSection.parse(section) }, 'config');
  mkdirSync(folder);
  writeGeneration(folder, 'one');
  writeFileSync(routes, 'one');
  const { id } = await createSnapshot(set, { clock: systemClock });
  writeGeneration(folder, 'two');
  writeFileSync(routes, 'two');
  const program = modulePath(import.meta.url, './roll-back-forever');
  const child = spawn(process.execPath, [program, JSON.stringify(set), id], { stdio: 'inherit' });
  const exit = once(child, 'exit');
  const kill = async () => {
    if (!child.kill('SIGKILL')) return;
    await exit;
    process.kill(-Number(readFileSync(restored, 'utf8')), 'SIGKILL');
  };
  await waitFor(() => existsSync(restored), { what: 'the restored setting', timeoutMs: 30_000 });
  return {
    ...{ section, set, to: id },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
