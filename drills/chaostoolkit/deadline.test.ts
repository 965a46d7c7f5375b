import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { deadlineAfter } from './deadline.ts';

describe('The deadline of a rollback', () => {
  it('begins when the run is stopped, also where it is stopped already.', async () => {
    const stop = new AbortController();
    using later = deadlineAfter(stop.signal, 1);
    stop.abort();
    using already = deadlineAfter(stop.signal, 1);
    for (const { signal } of [later, already]) if (!signal.aborted) await once(signal, 'abort');
    expect(String(later.signal.reason)).toContain('stopped after 0.001 s');
  });

  it('never comes where the run is not stopped.', () => {
    const stop = new AbortController();
    const deadline = deadlineAfter(stop.signal, 0);
    deadline[Symbol.dispose]();
    stop.abort();
    expect(deadline.signal.aborted).toBe(false);
  });
});
