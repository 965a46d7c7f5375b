import { addressUnder, authorizationOf, type HttpTarget } from '../http/request.ts';

/** The status that a GET is answered with. A whole URL is asked as it stands, without a token; a path is one of the target. */
export async function askHttp(
  where: string,
  target: HttpTarget | undefined,
  fetchIt: typeof fetch,
  signal: AbortSignal,
): Promise<number> {
  const address = target === undefined ? { url: new URL(where) } : addressUnder(target.url, where);
  if ('problem' in address) throw new Error(address.problem);
  const response = await fetchIt(address.url, {
    headers: target === undefined ? {} : authorizationOf(target),
    // Where it leads is not what was asked, and the token is not for there.
    redirect: 'manual',
    signal,
  });
  await response.body?.cancel();
  return response.status;
}

/** Whether it is an address of its own, and no path of a target. */
export const isWholeUrl = (where: string): boolean => /^https?:\/\//i.test(where) && URL.canParse(where);
