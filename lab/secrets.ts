import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

const names = [
  'postgres',
  'runbooks',
  'drill',
  'release',
  'control',
  'director',
  'leader',
  'maintainer',
  'operator',
  'system',
] as const;

/** The passwords and tokens of one lab: made anew each time, and kept in files that only their owner can read. */
export interface LabSecrets {
  value: Record<(typeof names)[number], string>;
  file: Record<(typeof names)[number], string>;
}

export function makeSecrets(folder: string): LabSecrets {
  const made = names.map((name) => {
    const value = randomBytes(18).toString('base64url');
    const file = path.join(folder, name);
    writeFileSync(file, value, { mode: 0o600 });
    return { name, value, file };
  });
  const pick = (key: 'value' | 'file') =>
    Object.fromEntries(made.map((secret) => [secret.name, secret[key]]));
  return { value: pick('value'), file: pick('file') } as LabSecrets;
}
