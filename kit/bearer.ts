import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether an Authorization header carries the token. Takes the same time wherever they differ, length included. */
export function carriesToken(authorization: string | undefined, token: string): boolean {
  const given = /^Bearer +(?<token>\S+)$/i.exec(authorization ?? '')?.groups?.token ?? '';
  return timingSafeEqual(digest(given), digest(token)) && given !== '';
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
