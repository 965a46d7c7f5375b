import { messageOf } from '../../../kit/errors.ts';
import type { ReleaseState, RouterClient } from '../../../kit/release-router.ts';
import { waitFor } from '../../../kit/wait.ts';
import type { Halt } from '../../releases/what-to-halt.ts';
import type { StepWorld } from '../../step.ts';

/** A version that goes finishes what it does (1.5 s), and its process is killed when it does not end (1.5 s). */
const goneWithinMs = 8000;

/** Waits until nobody gets that version any more and its process has ended; what the router says then, or why not. */
export async function untilGone(
  router: RouterClient,
  halt: Halt,
  { clock }: Pick<StepWorld, 'clock'>,
  signal: AbortSignal,
): Promise<{ state: ReleaseState } | { problem: string }> {
  const gone = async () => {
    const state = await router.state(signal);
    const left = leftOver(state, halt);
    if (left !== undefined) throw new Error(left);
    return state;
  };
  try {
    const what = `the end of version ${halt.version}`;
    return { state: await waitFor(gone, { what, timeoutMs: goneWithinMs, everyMs: 50, signal, clock }) };
  } catch (error) {
    signal.throwIfAborted();
    return { problem: messageOf(error) };
  }
}

function leftOver(
  { candidate, stable, leaving }: ReleaseState,
  { act, version, holder }: Halt,
): string | undefined {
  if (act === 'withdraw' && candidate?.holder === holder && candidate?.version === version)
    return `${version} is still on trial`;
  if (act === 'rollback' && stable.version === version) return `${version} is still the stable version`;
  return leaving.some((one) => one.version === version)
    ? `the process of ${version} has not ended`
    : undefined;
}
