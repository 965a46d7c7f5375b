import { messageOf } from '../../kit/errors.ts';
import { hashText } from './hash-file.ts';
import type { Manifest } from './manifest.ts';
import type { ObjectStore } from './objects.ts';
import { runCommand } from './run-command.ts';
import type { SnapshotSet } from './set.ts';

/** What a command of a set printed. */
export interface CapturedSetting {
  name: string;
  sha256: string;
  content: Buffer;
}

/** Asks all commands of a set for the settings as they are. One that fails ends it. */
export async function captureSettings(set: SnapshotSet, signal?: AbortSignal): Promise<CapturedSetting[]> {
  const captured: CapturedSetting[] = [];
  for (const { name, capture, timeout } of set.commands) {
    const what = `the command "${name}" of the set "${set.name}"`;
    const content = await runCommand(capture, { what, timeoutMs: timeout, signal });
    captured.push({ name, sha256: hashText(content), content });
  }
  return captured;
}

/** Puts settings into the store, and says how a manifest lists them. */
export async function keepSettings(
  captured: readonly CapturedSetting[],
  objects: ObjectStore,
): Promise<NonNullable<Manifest['settings']>> {
  await objects.add(new Map(captured.map(({ sha256, content }) => [sha256, content])));
  return captured.map(({ name, sha256, content }) => ({ name, sha256, size: content.length }));
}

/** What has to be done so that the settings are as a snapshot has them. */
export interface SettingsDifference {
  /** Names whose settings differ and can be brought back, in the order of the snapshot. */
  restorable: string[];
  /** What stays as it is, as sentences. */
  notRestored: string[];
}

export function settingsDifference(
  { settings = [] }: Pick<Manifest, 'settings'>,
  now: readonly CapturedSetting[],
  { commands }: Pick<SnapshotSet, 'commands'>,
): SettingsDifference {
  const found: SettingsDifference = { restorable: [], notRestored: [] };
  for (const { name, sha256 } of settings) {
    const command = commands.find((one) => one.name === name);
    if (!command) found.notRestored.push(`${name}: no command of the set is called so any more`);
    else if (now.find((one) => one.name === name)?.sha256 !== sha256) {
      if (command.restore) found.restorable.push(name);
      else found.notRestored.push(`${name} differs, and the set has no command that restores it`);
    }
  }
  const later = commands.filter(({ name }) => !settings.some((one) => one.name === name));
  return {
    ...found,
    notRestored: [...found.notRestored, ...later.map(({ name }) => `${name} was not part of the snapshot`)],
  };
}

interface RestoreWork {
  wanted: (name: string) => Promise<Buffer>;
  now: readonly CapturedSetting[];
  andThen: () => Promise<void>;
}

/** Restores settings one after the other, `andThen` does what is left. Where one fails, those before it are given back what they were, and the error is thrown. */
export async function restoreSettings(
  set: SnapshotSet,
  names: readonly string[],
  { wanted, now, andThen }: RestoreWork,
  signal?: AbortSignal,
): Promise<void> {
  const restore = async (name: string, input: Buffer, limit?: AbortSignal) => {
    const command = set.commands.find((one) => one.name === name);
    const what = `restoring "${name}" of the set "${set.name}"`;
    if (command?.restore)
      await runCommand(command.restore, { what, input, timeoutMs: command.timeout, signal: limit });
  };
  const contents = new Map<string, Buffer>();
  for (const name of names) contents.set(name, await wanted(name));
  const begun: string[] = [];
  try {
    for (const [name, content] of contents) {
      begun.push(name);
      await restore(name, content, signal);
    }
    await andThen();
  } catch (error) {
    const failures: unknown[] = [error];
    // Also the one that failed: nobody knows how far it got. Not under the signal: what was begun is taken back.
    for (const name of begun.toReversed()) {
      const before = now.find((one) => one.name === name)?.content;
      if (before) await restore(name, before).catch((failure: unknown) => failures.push(failure));
    }
    // What counts is how it is now: who could not restore may not have changed anything.
    const after = await captureSettings(set).catch((failure: unknown) => void failures.push(failure));
    const isSame = begun.every((name) => {
      const [one, other] = [now, after].map((all) => all?.find((setting) => setting.name === name)?.sha256);
      return one !== undefined && one === other;
    });
    if (isSame) throw error;
    throw new AggregateError(failures, failures.map(messageOf).join('; and it could not be taken back: '));
  }
}
