import { UnavailableError } from '../../kit/errors.ts';

/** A signal that is aborted `ms` after another one is: who is told to stop may still put things right, but not for ever. */
export function deadlineAfter(stop: AbortSignal, ms: number): { signal: AbortSignal } & Disposable {
  const deadline = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    const reason = new UnavailableError('experiment.rollback-limit', `stopped after ${ms / 1000} s`);
    timer = setTimeout(() => deadline.abort(reason), ms);
  };
  if (stop.aborted) begin();
  else stop.addEventListener('abort', begin, { once: true });
  return {
    signal: deadline.signal,
    [Symbol.dispose]: () => {
      stop.removeEventListener('abort', begin);
      clearTimeout(timer);
    },
  };
}
