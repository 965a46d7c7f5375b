import type { Life } from './service.ts';

/** A service that finds its port taken or its settings wrong dies within this, and then it does not live. */
const settleMs = 500;

/** Answers, each time it is told who lives, whether one and the same life has lasted long enough to call it started. */
export function settling(): (life: Life | undefined) => boolean {
  let since: { id: string; at: number } | undefined;
  return (life) => {
    if (!life) since = undefined;
    else if (since?.id !== life.id) since = { id: life.id, at: performance.now() };
    return since !== undefined && performance.now() - since.at >= settleMs;
  };
}
