import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../kit/wait.ts';
import { labStatus } from '../lab/status.ts';
import { readReport, runAndon, startAndon, temporaryFolder } from './testing/andon-process.ts';

const folder = temporaryFolder('healthy');
const cwd = folder.path;
const lab = startAndon(cwd, 'lab', 'up');
const labDir = path.join(cwd, '.andon', 'lab');
const testdata = (file: string): string => fileURLToPath(new URL(`./testdata/${file}`, import.meta.url));
/** A whole drill with its drain, on a machine that does other things beside it. */
const drillLimitMs = 300_000;

beforeAll(async () => {
  await waitFor(() => labStatus(labDir).running, { what: 'the lab', timeoutMs: 110_000, everyMs: 200 });
}, 120_000);
afterAll(async () => {
  lab.child.kill('SIGTERM');
  await lab.ended;
  folder[Symbol.dispose]();
}, 60_000);

const addresses = (): Record<string, string> => {
  const status = labStatus(labDir);
  return status.running ? status.addresses : {};
};

async function drill(file: string, name: string) {
  const { code, output } = await runAndon(cwd, 'drill', 'run', file, '--out', path.join(cwd, 'out'));
  return { code, output, report: readReport(path.join(cwd, 'out', name)) };
}

async function sql(text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: addresses()['mes-db'], connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

describe('A healthy plant', () => {
  it('passes db-lock: the alert in its bound, healed by the runbook, nothing lost or doubled.', {
    timeout: drillLimitMs,
  }, async () => {
    const { code, output, report } = await drill('db-lock', 'db-lock');
    expect(
      report.findings.filter(({ severity }) => severity === 'critical'),
      output,
    ).toEqual([]);
    expect(report).toMatchObject({
      verdict: 'passed',
      faults: [{ kind: 'db.lock', liftedBy: 'runbook', residue: [] }],
      production: { lost: 0, duplicated: 0, stale: 0, ok: true },
    });
    const alert = report.alerts.find(({ expected }) => expected);
    expect(alert?.timeToDetectSeconds).toBeLessThanOrEqual(alert?.boundSeconds ?? 0);
    expect(report.runbooks).toContainEqual(
      expect.objectContaining({ name: 'release-db-lock', outcome: 'succeeded' }),
    );
    expect(report.production.acknowledged).toBeGreaterThan(50);
    expect(code).toBe(0);
  });

  it('fails a drill whose fault touched nothing, for that reason.', { timeout: drillLimitMs }, async () => {
    await sql('CREATE TABLE IF NOT EXISTS nobody_uses_this (id int)');
    const { code, report } = await drill(testdata('vacuous-lock.yaml'), 'vacuous-lock');
    expect(report.faults).toMatchObject([{ touched: 0, residue: [] }]);
    expect(report.verdict).toBe('failed');
    expect(report.findings.map(({ text }) => text).join('\n')).toMatch(/touched nothing/);
    expect(code).toBe(1);
  });

  it('fails a drill whose alert rule is gone, for that reason.', { timeout: drillLimitMs }, async () => {
    const rules = path.join(labDir, 'andon.rules.yml');
    const text = readFileSync(rules, 'utf8');
    const prometheus = addresses().prometheus ?? '';
    const reload = () => fetch(`${prometheus}/-/reload`, { method: 'POST' });
    writeFileSync(rules, text.replaceAll('MesDatabaseBlocked', 'SomethingElse'));
    await reload();
    try {
      const { code, report } = await drill(testdata('short-lock.yaml'), 'short-lock');
      expect(report.verdict).toBe('failed');
      expect(report.findings.map(({ text: finding }) => finding).join('\n')).toMatch(
        /no rule called MesDatabaseBlocked/,
      );
      expect(code).toBe(1);
    } finally {
      writeFileSync(rules, text);
      await reload();
    }
  });
});

/** Processes whose environment carries the mark of a drill of this test's. */
function markedProcesses(): string[] {
  return globSync('/proc/[0-9]*/environ').filter((file) => {
    try {
      return /ANDON_MARK=[^\0]*long-load/.test(readFileSync(file, 'latin1'));
    } catch {
      return false;
    }
  });
}

describe('A runner that is killed', () => {
  const stillThere: Record<string, () => Promise<boolean>> = {
    lock: async () => {
      const rows = await sql("SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'andon-drill-%'");
      return rows.length > 0;
    },
    cut: async () => {
      const response = await fetch(`${addresses().links}/links`);
      const links = (await response.json()) as { cut: unknown }[];
      return links.some(({ cut }) => cut !== null);
    },
    load: async () => markedProcesses().length > 0,
  };

  it.each(['lock', 'cut', 'load'])(
    'with kill -9 in the middle of a %s leaves nothing, and the next drill says what happened.',
    { timeout: drillLimitMs },
    async (kind) => {
      const { child, ended } = startAndon(cwd, '--json', 'drill', 'run', testdata(`long-${kind}.yaml`));
      let events = '';
      child.stdout?.on('data', (text: string) => {
        events += text;
      });
      await waitFor(() => events.includes('"type":"fault-injected"'), {
        what: 'the fault',
        timeoutMs: 120_000,
      });
      await waitFor(() => stillThere[kind]?.(), { what: 'its trace', timeoutMs: 20_000 });
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 1000));
      child.kill('SIGKILL');
      const killedAt = Date.now();
      await ended;
      await waitFor(async () => !(await stillThere[kind]?.()), {
        what: `the end of the ${kind}`,
        timeoutMs: 30_000,
        everyMs: 50,
      });
      expect(Date.now() - killedAt).toBeLessThanOrEqual(5000);
      const next = await runAndon(cwd, 'drill', 'run', testdata('vacuous-lock.yaml'));
      expect(next.output).toMatch(
        new RegExp(`the earlier run \\S+-long-${kind}-\\S+ ended without finishing, in stage fault`),
      );
      expect((await runAndon(cwd, 'drill', 'clean')).output).toContain('Nothing to undo');
    },
  );
});
