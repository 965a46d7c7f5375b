import { UnavailableError } from '../../../kit/errors.ts';
import { RouterClient } from '../../../kit/release-router.ts';
import type { TargetOf } from '../../../kit/targets.ts';

/** Throws unless the router answers, and nothing is on trial there. */
export async function demandNoCandidate(
  name: string,
  target: TargetOf<'release'>,
  fetcher: typeof fetch,
): Promise<void> {
  const { candidate } = await new RouterClient(target, fetcher).state().catch((cause: unknown) => {
    if (cause instanceof UnavailableError) throw cause;
    throw new UnavailableError(
      'release.no-router',
      `${name}: the router at ${target.control} cannot be asked`,
      {
        mend: 'Look whether the router runs, and whether `control` is the address of its control API.',
        cause,
      },
    );
  });
  if (candidate)
    throw new UnavailableError(
      'release.held',
      `${name}: version ${candidate.version} of ${candidate.holder} is on trial already`,
      { mend: 'Wait until that release is promoted or withdrawn; after a drill run: andon drill clean' },
    );
}
