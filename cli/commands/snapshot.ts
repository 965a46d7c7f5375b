import type { Command } from 'commander';
import { systemClock } from '../../kit/clock.ts';
import { UsageError } from '../../kit/errors.ts';
import { chooseSnapshot, listSnapshots, readManifest } from '../../runbooks/snapshots/catalog.ts';
import { createSnapshot } from '../../runbooks/snapshots/create.ts';
import { brokenOffRollbacks } from '../../runbooks/snapshots/interrupted.ts';
import { ObjectStore } from '../../runbooks/snapshots/objects.ts';
import { type Rollback, rollbackSnapshot } from '../../runbooks/snapshots/rollback.ts';
import { type SnapshotSet, snapshotSet } from '../../runbooks/snapshots/set.ts';
import { verifySnapshot } from '../../runbooks/snapshots/verify.ts';
import { type CommonOptions, type Context, findConfig } from '../context.ts';
import { exitCode } from '../exit-code.ts';

export function registerSnapshot(program: Command, context: Context): void {
  const snapshot = program.command('snapshot').description('copies of configured folders, to go back to');
  snapshot
    .command('create <set>')
    .description('copy the folder of a set of runbooks.snapshots in andon.yaml, and what its commands print')
    .option('--note <text>', 'why, for the list')
    .action((name: string, { note }: { note?: string }) => create(context, program.opts(), name, note));
  snapshot
    .command('list <set>')
    .description('the snapshots of a set, newest first')
    .action((name: string) => list(context, program.opts(), name));
  snapshot
    .command('verify <set> [id]')
    .description('read every copy of a snapshot again (default: all snapshots of the set)')
    .action((name: string, id = 'all') => verify(context, program.opts(), name, id));
  snapshot
    .command('rollback <set> [id]')
    .description('switch the folder back to a snapshot (default: newest), whole or not at all')
    .option(
      '--with-migrations',
      'also carry out the down steps of migrations since; what was written since may be lost (PostgreSQL)',
    )
    .action((name: string, id: string | undefined, flags: RollbackFlags) =>
      rollback(context, program.opts(), { name, id, ...flags }),
    );
}

function setOf(context: Context, options: CommonOptions, name: string): SnapshotSet {
  const { config } = findConfig(context, options);
  if (config.runbooks) return snapshotSet(config.runbooks.snapshots, name, config.targets);
  throw new UsageError('snapshot.none', 'no folders are configured', {
    mend: 'Add runbooks: snapshots: NAME: {folder: …} to andon.yaml',
  });
}

async function create(
  context: Context,
  options: CommonOptions,
  name: string,
  note: string | undefined,
): Promise<void> {
  const made = await createSnapshot(setOf(context, options, name), {
    clock: systemClock,
    signal: context.signal,
    ...(note === undefined ? {} : { note }),
  });
  context.stdout.write(
    options.json ? `${JSON.stringify(made)}\n` : `${made.id}  ${made.entries.length} entries\n`,
  );
}

function list(context: Context, options: CommonOptions, name: string): void {
  const set = setOf(context, options, name);
  const { snapshots, damaged } = listSnapshots(set);
  for (const one of snapshots) {
    const line = `${one.id}  ${String(one.files).padStart(6)} files  ${String(one.bytes).padStart(12)} bytes  ${one.origin}  ${one.note}`;
    context.stdout.write(`${options.json ? JSON.stringify(one) : line}\n`);
  }
  for (const text of damaged) context.stderr.write(`damaged: ${text}\n`);
  for (const text of brokenOff(set)) context.stderr.write(`broken off: ${text}\n`);
}

const brokenOff = (set: SnapshotSet): string[] =>
  brokenOffRollbacks({ [set.name]: set }).map(({ what, mend }) => `${what}. ${mend}`);

/** Names every snapshot that is damaged, and what is wrong with it. */
async function verify(context: Context, options: CommonOptions, name: string, id: string): Promise<void> {
  const set = setOf(context, options, name);
  const { snapshots, damaged } = listSnapshots(set);
  const wanted = id === 'all' ? snapshots.map((one) => one.id) : [chooseSnapshot(set, id).id];
  const objects = new ObjectStore(set.store);
  let isWhole = true;
  const tell = (one: string, problems: readonly string[]) => {
    isWhole &&= problems.length === 0;
    if (options.json) context.stdout.write(`${JSON.stringify({ id: one, problems })}\n`);
    else
      context.stdout.write(
        `${one}  ${problems.length === 0 ? 'whole' : `DAMAGED: ${problems.join('; ')}`}\n`,
      );
  };
  for (const one of wanted)
    tell(one, await verifySnapshot(set, readManifest(set, one), { objects, signal: context.signal }));
  if (id === 'all') for (const problem of damaged) tell('unreadable', [problem]);
  if (id === 'all') for (const problem of brokenOff(set)) tell('broken off', [problem]);
  if (!isWhole) context.exit(exitCode.failed);
}

interface RollbackFlags {
  withMigrations?: boolean;
}

async function rollback(
  context: Context,
  options: CommonOptions,
  { name, id = 'newest', withMigrations = false }: RollbackFlags & { name: string; id: string | undefined },
): Promise<void> {
  const set = setOf(context, options, name);
  const done = await rollbackSnapshot(set, id, {
    clock: systemClock,
    signal: context.signal,
    withMigrations,
  });
  if (options.json) context.stdout.write(`${JSON.stringify(done)}\n`);
  else if (!done.switched)
    context.stdout.write(`${set.folder} already is as ${done.to} has it; nothing was done\n`);
  else
    context.stdout.write(
      `${set.folder} is back at ${done.to}; ${done.changed.length} paths changed${takenBack(done)}; to undo: andon snapshot rollback ${name} ${done.before}\n`,
    );
  if (!options.json)
    for (const sentence of done.notRestored) context.stdout.write(`not restored: ${sentence}\n`);
}

/** A rollback of this rollback needs their tables again. */
function takenBack({ changed }: Rollback): string {
  const migrations = changed.flatMap((one) => (one.startsWith('migration ') ? [one.slice(10)] : []));
  return migrations.length === 0
    ? ''
    : `, the migrations ${migrations.join(', ')} are taken back (apply them again before you undo)`;
}
