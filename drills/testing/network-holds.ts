import { waitFor } from '../../kit/wait.ts';
import type { Disturbance, NetworkHold } from '../network/driver.ts';

/** For tests that never abort. */
export const never = new AbortController().signal;

export const drop = { kind: 'cut', mode: 'drop', direction: 'both' } satisfies Disturbance;

export const within = <T>(what: string, check: () => Promise<T | false> | T | false): Promise<T> =>
  waitFor(check, { what, timeoutMs: 30_000, everyMs: 20 });

/** What a hold has touched by its own account; -1 when it has ended. */
export async function touchedBy(hold: NetworkHold): Promise<number> {
  const state = await hold.renew();
  return state.held ? state.touched : -1;
}
