import { readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../kit/errors.ts';

/**
 * Fills in `${env:NAME}` and `${file:PATH}` (relative to the configuration file), so that secrets stay out of it.
 * Throws with the reason; the caller knows the line.
 */
export function expandPlaceholders(
  text: string,
  folder: string,
  environment: Record<string, string | undefined>,
): string {
  return text.replaceAll(/\$\{(env|file):([^}]+)\}/g, (whole, source: string, name: string) => {
    if (source === 'env') {
      const value = environment[name];
      if (value === undefined) throw new Error(`${whole}: the environment has no ${name}`);
      return value;
    }
    try {
      return readFileSync(path.resolve(folder, name), 'utf8').trim();
    } catch (error) {
      throw new Error(`${whole}: ${messageOf(error)}`);
    }
  });
}
