import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../testing/run-cli.ts';

const document = new URL('../../docs/drills/chaos-toolkit.md', import.meta.url);
const [, example = ''] = /```json\n([\s\S]*?)```/.exec(readFileSync(document, 'utf8')) ?? [];

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'andon-experiment-'));
  writeFileSync(path.join(cwd, 'scales.json'), example);
});
afterAll(() => rmSync(cwd, { recursive: true }));

test('The plan of an experiment is one line of JSON for programs, and says what the text says.', async () => {
  const text = await runCli(cwd, 'drill', 'plan', 'scales.json');
  const { code, stdout } = await runCli(cwd, 'drill', 'plan', 'scales.json', '--json');
  expect([code, text.code, stdout.split('\n').length]).toEqual([0, 0, 2]);
  const plan = JSON.parse(stdout);
  expect(plan).toMatchObject({
    experiment: 'The scales are read by another gateway when theirs stops',
    configuration: [],
    hypothesis: {
      title: 'Weights arrive',
      strategy: 'default',
      probes: [
        {
          name: 'a weight of this minute',
          provider: 'http',
          method: 'GET',
          timeoutSeconds: 5,
          tolerance: { count: 2 },
        },
      ],
    },
    method: [
      {
        ...{ type: 'action', name: 'stop the gateway', provider: 'process', background: false },
        ...{ path: 'systemctl', arguments: ['stop', 'gateway-1'], pauses: { after: 60 } },
      },
    ],
    rollbacks: { strategy: 'default', activities: [{ name: 'start the gateway', timeoutSeconds: 30 }] },
    notes: [],
  });
  expect(text.stdout).toContain(`probe a weight of this minute: GET ${plan.hypothesis.probes[0].url}`);
  expect(text.stdout).toContain(
    'action stop the gateway: runs systemctl stop gateway-1 (60 s of pause after)',
  );
  // Which token the probe is asked with is nobody's business.
  expect(stdout).not.toContain('Bearer');
});
