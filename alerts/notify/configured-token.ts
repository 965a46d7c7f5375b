import { readFileSync } from 'node:fs';
import { messageOf, UsageError } from '../../kit/errors.ts';

/** Whoever knows it can wake people up. */
export const shortestToken = 16;

/** The token of andon.yaml, or of the file that it names. */
export function readToken({
  token,
  token_file: file,
}: {
  token?: string | undefined;
  token_file?: string | undefined;
}): string {
  if (token !== undefined) return token;
  let text = '';
  try {
    text = readFileSync(file ?? '', 'utf8').trim();
  } catch (cause) {
    throw new UsageError('notify.token', `notify.token_file cannot be read: ${messageOf(cause)}`, {
      mend: 'Write the token that Alertmanager sends into that file.',
      cause,
    });
  }
  if (text.length >= shortestToken) return text;
  throw new UsageError('notify.token', `the token in ${file} has fewer than ${shortestToken} characters`, {
    mend: 'Make one with: openssl rand -hex 24',
  });
}
