import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readReport, runAndon, temporaryFolder } from './testing/andon-process.ts';

const folder = temporaryFolder('repeating');
const cwd = folder.path;
afterAll(() => folder[Symbol.dispose]());

/** A lab, the whole drill and the drain, on a machine that does other things beside it. */
const limitMs = 400_000;

async function cutTheNetworkOf(weakness: string) {
  const out = path.join(cwd, weakness);
  const { code, output } = await runAndon(
    cwd,
    'drill',
    'run',
    'network-cut',
    '--lab',
    '--weaken',
    weakness,
    '--out',
    out,
  );
  return { code, output, report: readReport(path.join(out, 'network-cut')) };
}

describe('The drill network-cut on a plant that repeats itself', () => {
  it('without idempotency reports operations applied twice, fails and ends with 1.', {
    timeout: limitMs,
  }, async () => {
    const { code, output, report } = await cutTheNetworkOf('idempotency');
    expect(report.production.duplicated, output).toBeGreaterThan(0);
    expect(report).toMatchObject({ verdict: 'failed', production: { ok: false } });
    expect(code).toBe(1);
  });
});
