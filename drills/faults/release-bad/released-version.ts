import { UnavailableError } from '../../../kit/errors.ts';
import {
  failuresOf,
  leftOf,
  RouterClient,
  releaseIn,
  type VersionWish,
} from '../../../kit/release-router.ts';
import type { TargetOf } from '../../../kit/targets.ts';
import type { Host, Injection, NamedTarget, Plan } from '../../fault.ts';
import { type Hold, heldInjection } from '../../held-injection.ts';
import { leaseMs, renewEveryMs } from '../../lease.ts';
import { runName } from '../../run-name.ts';

/** A cold start of a version on a busy computer. */
const servesWithinMs = 40_000;
const limitMs = 10_000;

/** Releases a version and returns when it serves; what a failed attempt left is withdrawn before the error is thrown. */
export async function releaseVersion(
  plan: Plan,
  wish: Pick<VersionWish, 'version' | 'share' | 'fails'>,
  { name, target }: NamedTarget<TargetOf<'release'>>,
  host: Host,
  signal: AbortSignal,
): Promise<Injection> {
  const router = new RouterClient(target, host.fetch);
  const body: VersionWish = { ...wish, holder: runName(plan.run), leaseMs };
  const answer = await router.deploy(body, signal);
  if (!answer.ok)
    throw new UnavailableError('release.refused', `${name}: ${answer.message}`, {
      mend: 'Another release is on trial there: wait for it; after a drill run: andon drill clean',
    });
  try {
    await untilServing(name, router, body, host, signal);
  } catch (error) {
    await router.withdraw(body.holder, { by: 'runner' }, AbortSignal.timeout(limitMs));
    throw error;
  }
  return heldInjection(plan, holdOf(name, router, body), host);
}

/** Renews while it waits, because the lease runs from the first wish on. */
async function untilServing(
  name: string,
  router: RouterClient,
  body: VersionWish,
  { clock }: Host,
  signal: AbortSignal,
): Promise<void> {
  const until = clock.now() + servesWithinMs;
  for (;;) {
    signal.throwIfAborted();
    const answer = await router.deploy({ ...body, renew: true }, signal);
    if (answer.ok && releaseIn(answer.body).candidate?.state === 'serving') return;
    if (!answer.ok || clock.now() >= until)
      throw new UnavailableError('release.not-serving', `${name}: version ${body.version} does not serve`, {
        mend: 'Look at the log of the router and of that version; the stable one serves everybody.',
      });
    await clock.sleep(renewEveryMs / 5, signal);
  }
}

function holdOf(name: string, router: RouterClient, body: VersionWish): Hold {
  const { holder } = body;
  return {
    async renew() {
      const answer = await router.deploy({ ...body, renew: true });
      if (answer.ok) return { held: true, touched: failuresOf(releaseIn(answer.body), holder) };
      return {
        held: false,
        by: answer.endedBy ?? 'others',
        touched: failuresOf(await router.state(), holder),
      };
    },
    release: async () => failuresOf(await router.withdraw(holder, { by: 'runner' }), holder),
    residue: async () => leftOf(name, await router.state(), holder),
  };
}
