import { readFileSync } from 'node:fs';

const file = import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json';

/** The version of this Andon, from its package.json. */
export const version: string = (
  JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as { version: string }
).version;
