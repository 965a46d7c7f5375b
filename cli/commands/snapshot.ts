import type { Command } from 'commander';
import { systemClock } from '../../kit/clock.ts';
import { UsageError } from '../../kit/errors.ts';
import { listSnapshots } from '../../runbooks/snapshots/catalog.ts';
import { createSnapshot } from '../../runbooks/snapshots/create.ts';
import { rollbackSnapshot } from '../../runbooks/snapshots/rollback.ts';
import { type SnapshotSet, snapshotSet } from '../../runbooks/snapshots/set.ts';
import { type CommonOptions, type Context, findConfig } from '../context.ts';

export function registerSnapshot(program: Command, context: Context): void {
  const snapshot = program.command('snapshot').description('copies of configured folders, to go back to');
  snapshot
    .command('create <set>')
    .description('copy the folder of a set of runbooks.snapshots in andon.yaml')
    .option('--note <text>', 'why, for the list')
    .action((name: string, { note }: { note?: string }) => create(context, program.opts(), name, note));
  snapshot
    .command('list <set>')
    .description('the snapshots of a set, newest first')
    .action((name: string) => list(context, program.opts(), name));
  snapshot
    .command('rollback <set> [id]')
    .description('switch the folder back to a snapshot (default: newest), whole or not at all')
    .action((name: string, id = 'newest') => rollback(context, program.opts(), name, id));
}

function setOf(context: Context, options: CommonOptions, name: string): SnapshotSet {
  const { config } = findConfig(context, options);
  if (config.runbooks) return snapshotSet(config.runbooks.snapshots, name);
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
  const { snapshots, damaged } = listSnapshots(setOf(context, options, name));
  for (const one of snapshots) {
    const line = `${one.id}  ${String(one.files).padStart(6)} files  ${String(one.bytes).padStart(12)} bytes  ${one.origin}  ${one.note}`;
    context.stdout.write(`${options.json ? JSON.stringify(one) : line}\n`);
  }
  for (const text of damaged) context.stderr.write(`damaged: ${text}\n`);
}

async function rollback(context: Context, options: CommonOptions, name: string, id: string): Promise<void> {
  const set = setOf(context, options, name);
  const done = await rollbackSnapshot(set, id, { clock: systemClock, signal: context.signal });
  if (options.json) context.stdout.write(`${JSON.stringify(done)}\n`);
  else if (!done.switched)
    context.stdout.write(`${set.folder} already is as ${done.to} has it; nothing was done\n`);
  else
    context.stdout.write(
      `${set.folder} is back at ${done.to}; ${done.changed.length} paths changed; to undo: andon snapshot rollback ${name} ${done.before}\n`,
    );
}
