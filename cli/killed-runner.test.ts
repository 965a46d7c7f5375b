import type { ChildProcess } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../kit/wait.ts';
import { readReport, runAndon, startAndon } from './testing/andon-process.ts';
import { findingsOf, type RunningLab, startRunningLab, testdata } from './testing/running-lab.ts';

/** A whole drill, on a machine that does other things beside it. */
const drillLimitMs = 300_000;
let lab: RunningLab;
beforeAll(async () => {
  lab = await startRunningLab('killed');
});
afterAll(() => lab?.[Symbol.asyncDispose]());

/** Whether a trace of the fault of `long-<kind>.yaml` is still there. */
const traces: Record<string, () => Promise<boolean>> = {
  lock: async () =>
    (await lab.sql("SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'andon-drill-%'")).length > 0,
  cut: async () => {
    const links = (await (await fetch(`${lab.address('links')}/links`)).json()) as { holds: unknown[] }[];
    return links.some(({ holds }) => holds.length > 0);
  },
  load: async () => processesWith('environ', /ANDON_MARK=[^\0]*long-load/).length > 0,
};

/** The processes whose /proc file matches. */
function processesWith(file: 'environ' | 'cmdline', pattern: RegExp): string[] {
  return globSync(`/proc/[0-9]*/${file}`).filter((found) => {
    try {
      return pattern.test(readFileSync(found, 'latin1'));
    } catch {
      return false; // It has ended meanwhile.
    }
  });
}

/** Returns once the fault is in and can be seen at its target. */
async function untilIn(kind: string, child: ChildProcess): Promise<void> {
  let events = '';
  child.stdout?.on('data', (text: string) => {
    events += text;
  });
  await waitFor(() => events.includes('"type":"fault-injected"'), { what: 'the fault', timeoutMs: 150_000 });
  await waitFor(() => traces[kind]?.(), { what: 'its trace', timeoutMs: 20_000 });
}

describe('A drill that is stopped', () => {
  it.each([
    { how: 'Ctrl-C', kind: 'lock', signals: ['SIGINT'] },
    {
      how: 'SIGTERM and two Ctrl-C behind it',
      kind: 'cut',
      signals: ['SIGTERM', 'SIGINT', 'SIGINT'],
    },
  ] as const)(
    'by $how heals at once, ends with 4 and leaves nothing.',
    { timeout: drillLimitMs },
    async ({ kind, signals }) => {
      const drill = `long-${kind}`;
      const out = path.join(lab.cwd, 'stopped');
      const file = testdata(`${drill}.yaml`);
      const { child, ended } = startAndon(lab.cwd, '--json', 'drill', 'run', file, '--out', out);
      await untilIn(kind, child);
      for (const signal of signals) child.kill(signal);
      const { code, output } = await ended;
      expect(readReport(path.join(out, drill)), output).toMatchObject({
        verdict: 'aborted',
        faults: [{ liftedBy: 'signal', residue: [] }],
      });
      expect(code).toBe(4);
      expect(await traces[kind]?.()).toBe(false);
    },
  );

  it('by a guardrail heals, ends with 4 and says which.', { timeout: drillLimitMs }, async () => {
    const { code, report } = await lab.drill(testdata('tripping-lock.yaml'));
    expect(report).toMatchObject({ verdict: 'aborted', faults: [{ liftedBy: 'guardrail', residue: [] }] });
    expect(findingsOf(report)).toMatch(/guardrail "the lock is old" tripped/i);
    expect(code).toBe(4);
  });

  it.each(['lock', 'cut', 'load'])(
    'by kill -9 in the middle of a %s leaves nothing after 5 s, and the next drill says what happened.',
    {
      timeout: drillLimitMs,
    },
    async (kind) => {
      const { child, ended } = startAndon(lab.cwd, '--json', 'drill', 'run', testdata(`long-${kind}.yaml`));
      await untilIn(kind, child);
      // The moment is random on purpose: a lease may be about to be renewed, a probe under way.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 1000));
      child.kill('SIGKILL');
      const killedAt = Date.now();
      await ended;
      await waitFor(async () => !(await traces[kind]?.()), {
        what: `the end of the ${kind}`,
        timeoutMs: 30_000,
        everyMs: 50,
      });
      expect(Date.now() - killedAt).toBeLessThanOrEqual(5000);
      const next = await runAndon(lab.cwd, 'drill', 'run', testdata('tripping-lock.yaml'));
      expect(next.output).toMatch(
        new RegExp(`the earlier run \\S+-long-${kind}-\\S+ ended without finishing, in stage fault`),
      );
      expect((await runAndon(lab.cwd, 'drill', 'clean')).output).toContain('Nothing to undo');
    },
  );
});

describe('A lab whose process is killed', () => {
  it('by kill -9 leaves no process after 10 s.', { timeout: 60_000 }, async () => {
    const ours = () => processesWith('cmdline', new RegExp(lab.dir));
    expect(ours().length).toBeGreaterThan(10);
    lab.process.child.kill('SIGKILL');
    const killedAt = Date.now();
    await waitFor(() => ours().length === 0, {
      what: 'the end of every process of the lab',
      timeoutMs: 30_000,
      everyMs: 50,
    });
    expect(Date.now() - killedAt).toBeLessThanOrEqual(10_000);
  });
});
