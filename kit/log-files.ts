import path from 'node:path';
import { z } from 'zod';

/** Neither `/` nor `/var`: what stands directly there belongs to the system. */
const deepEnough = (folder: string): boolean => folder.split(path.sep).filter(Boolean).length >= 2;

/** Where the files stand. */
export const logFolder = z
  .string()
  .refine((text) => path.isAbsolute(text) && path.normalize(text) === text && !text.endsWith('/'), {
    message: 'must be an absolute path without "." and "..", as in /var/log/mes',
  })
  .refine(deepEnough, { message: 'must be a folder of its own, not one directly under /' });

/** Names of files directly in the folder: `*` stands for any characters, `?` for one. */
export const logPattern = z
  .string()
  .regex(/^[^/\0]+$/, 'must be the name of a file, in which * and ? may stand');

/** The log files of a system, which a runbook may delete when they are old and the disk is full. */
export const logFiles = z.strictObject({ folder: logFolder, pattern: logPattern });
export type LogFiles = z.output<typeof logFiles>;

/** `*` stands for any characters, `?` for one, everything else for itself; hidden files only where the dot is written. */
export function logMatcher(pattern: string): (name: string) => boolean {
  const source = pattern.replaceAll(/[\\^$.*+?()[\]{}|]/g, (character) =>
    character === '*' ? '.*' : character === '?' ? '.' : `\\${character}`,
  );
  const expression = new RegExp(`^${source}$`, 's');
  return (name) => expression.test(name) && (pattern.startsWith('.') || !name.startsWith('.'));
}
