import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { modulePath, type SelfCommand } from '../../kit/module-path.ts';
import { type Targets, targetsSchema } from '../../kit/targets.ts';
import type { Host, LoadStarter } from '../fault.ts';
import { startLeash } from '../leash.ts';

/** How a test's watchdogs and leashes are started. */
export const standIn: SelfCommand = {
  command: process.execPath,
  args: [modulePath(import.meta.url, './andon-stand-in')],
};

/** A host over a file of targets, with leashes that are real processes. */
export function hostOver(configFile: string, targets: Targets, load?: LoadStarter): Host {
  return {
    clock: systemClock,
    log: silentLog,
    fetch,
    targets,
    load,
    leash: ({ undo, durationMs }) =>
      startLeash({ undo, longestMs: durationMs + 10_000, configFile, self: standIn, clock: systemClock }),
  };
}

/** A host for these targets as andon.yaml would name them, in a temporary folder that goes with it. */
export function testHost(
  input: Record<string, unknown>,
  load?: LoadStarter,
): { host: Host; targets: Targets; configFile: string } & Disposable {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'andon-host-'));
  const configFile = path.join(folder, 'targets.json');
  const targets = targetsSchema.parse(input);
  writeFileSync(configFile, JSON.stringify(targets));
  return {
    host: hostOver(configFile, targets, load),
    targets,
    configFile,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** For faults that a server leases: they must not ask for a leash. */
export const noLeash: Host['leash'] = ({ kind }) => Promise.reject(new Error(`${kind} asked for a leash`));
