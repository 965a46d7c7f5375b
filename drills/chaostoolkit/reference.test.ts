import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../cli/testing/andon-process.ts';
import { runCli } from '../../cli/testing/run-cli.ts';

import type { ExperimentJournal } from './journal.ts';
import { echoServer } from './testing/echo-server.ts';
import { type ReferenceRun, readReferences, type Stripped, stripped } from './testing/references.ts';

/** Where we differ on purpose; docs/drills/chaos-toolkit.md says why. */
const onPurpose: Record<string, (theirs: Stripped) => Partial<Stripped>> = {
  'gate-missed': () => ({ exit: 1 }),
  tolerances: () => ({ exit: 1 }),
  'failed-action': () => ({ exit: 1 }),
  'http-calls': () => ({ exit: 1 }),
  'process-arguments': () => ({ exit: 1 }),
  'hypothesis-during-missed': () => ({ exit: 1, deviated: true }),
  'hypothesis-fail-fast': () => ({ deviated: true, rollbacks: rolledBack('raise the flag', 'up') }),
  'after-failed': () => ({ rollbacks: rolledBack('raise the flag', 'up') }),
};

const rolledBack = (name: string, flag: string): Stripped['rollbacks'] => [
  {
    name,
    status: 'succeeded',
    output: {
      status: 200,
      type: 'application/json',
      body: {
        flag,
        lines: [
          { line: 1, state: flag },
          { line: 2, state: 'up' },
        ],
      },
    },
  },
];

async function runOurs({ experiment, options }: ReferenceRun): Promise<Stripped> {
  using folder = temporaryFolder('reference');
  const server = echoServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const file = path.join(folder.path, 'e.json');
    writeFileSync(file, JSON.stringify(experiment));
    const base =
      experiment.configuration?.base === undefined ? [] : ['--var', `base=http://127.0.0.1:${port}`];
    const journal = path.join(folder.path, 'journal.json');
    const run = await runCli(
      folder.path,
      'drill',
      'run',
      file,
      '--allow-process',
      '--journal',
      journal,
      ...base,
      ...options,
    );
    return stripped(run.code, JSON.parse(readFileSync(journal, 'utf8')) as ExperimentJournal);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe.concurrent('An experiment runs as in Chaos Toolkit', () => {
  it.for(readReferences())('$name', async (reference) => {
    const ours = await runOurs(reference);
    const expected = { ...reference.theirs, ...onPurpose[reference.name]?.(reference.theirs) };
    if (reference.theirs.during.includes(false)) {
      // How many checks were met before the first miss is a matter of milliseconds.
      expect(ours.during).toContain(false);
      expect({ ...ours, during: [] }).toEqual({ ...expected, during: [] });
    } else expect(ours).toEqual(expected);
  });
});
