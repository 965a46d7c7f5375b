import type { Target, TargetOf } from '../../kit/targets.ts';

/** The kinds of target that have an HTTP API. */
export const httpKinds = ['mes', 'http'] as const;
export type HttpTarget = TargetOf<(typeof httpKinds)[number]>;

export const isHttpTarget = (target: Target): target is HttpTarget =>
  target.kind === 'mes' || target.kind === 'http';

/** The address of a path of a target, or why it must not be asked. */
export function addressUnder(base: string, path: string): { url: URL } | { problem: string } {
  const problem = pathProblem(path);
  if (problem !== undefined) return { problem };
  const root = new URL(base);
  if (root.username !== '' || root.password !== '')
    return { problem: 'the url of the target has a password in it: give it a token instead' };
  const prefix = root.pathname.replace(/\/+$/, '');
  const url = new URL(`${root.origin}${prefix}${path}`);
  // The rules above should suffice; this is what they are for.
  if (url.origin !== root.origin || !url.pathname.startsWith(`${prefix}/`))
    return { problem: `the path ${JSON.stringify(path)} leaves the target` };
  return { url };
}

/** Why a path could lead out of its target; undefined when it cannot. */
export function pathProblem(path: string): string | undefined {
  if (!path.startsWith('/') || path.startsWith('//'))
    return 'a path begins with one slash: it is one of the target';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a URL parser leaves out tabs and line breaks, and `/\t/host` would be `//host`.
  if (/[\u0000-\u0020\u007f\\#]/.test(path))
    return 'a path has no blanks, control characters, backslashes or #';
  const [before = ''] = path.split('?');
  // `%2e` is a dot to a URL parser.
  const isDots = (segment: string) => /^\.\.?$/.test(segment.replaceAll(/%2e/gi, '.'));
  if (before.split('/').some(isDots)) return 'a path has no . or .. in it: it stays inside the target';
  return undefined;
}

/** The header that shows who asks; none for a target without a token. */
export const authorizationOf = ({ token }: HttpTarget): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

/** Host, port and path, without a password. */
export function httpPlaceOf({ url }: HttpTarget): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname === '/' ? '' : pathname}`;
}

/** The beginning of a body; the rest is not read. */
export async function excerptOf(response: Response, characters: number): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    // Leaving the loop cancels the body.
    if (text.length > characters) break;
  }
  return text.slice(0, characters);
}
