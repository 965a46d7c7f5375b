import { realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock as clock } from '../../kit/clock.ts';
import { createSnapshot } from '../snapshots/create.ts';
import { folderToCopy } from '../testing/folder-to-copy.ts';
import { stepWorld } from '../testing/step-world.ts';
import { snapshotRollback } from './snapshot-rollback.ts';

const never = new AbortController().signal;

test('What was to be so is so: carried out twice, the second time touches nothing and succeeds as well.', async () => {
  using it = folderToCopy();
  const { folder, store } = it.set;
  const { id } = await createSnapshot(it.set, { clock });
  writeFileSync(path.join(folder, 'setting-1.yaml'), 'two');
  const world = stepWorld({}, { snapshots: { config: { folder, store } } });
  const run = () => snapshotRollback.run({ set: 'config', to: id }, world, never);
  expect(await run()).toMatchObject({
    outcome: 'succeeded',
    touched: 1,
    details: { to: id, changed: ['setting-1.yaml'] },
  });
  const now = realpathSync(folder);
  expect(await run()).toMatchObject({
    outcome: 'succeeded',
    touched: 0,
    summary: expect.stringContaining('already is'),
  });
  expect(realpathSync(folder)).toBe(now);
});

test('The plan names the folder, the commands that restore, and the database that may refuse.', () => {
  const commands = { routes: { capture: ['ip', 'route'], restore: ['restore-routes'], timeout: 1000 } };
  const database = { target: 'mes-db', applied: 'SELECT id FROM migrations', down: '/down', timeout: 1000 };
  const snapshots = { config: { folder: '/etc/plant', store: '/var/snapshots', commands, database } };
  const world = stepWorld(
    { 'mes-db': { kind: 'postgres', url: 'postgres://127.0.0.1:9/mes' } },
    { snapshots },
  );
  const plan = snapshotRollback.plan({ set: 'config', to: 'newest' }, world);
  expect(plan).toHaveLength(3);
  expect(plan[0]?.does).toContain('refuse if mes-db has got migrations');
  expect(plan[2]?.does).toContain('["restore-routes"]');
});
