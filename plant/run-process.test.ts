import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../kit/testing/otlp-receiver.ts';
import { nodeArguments, plantPrograms } from './processes.ts';
import { standardLine } from './settings.ts';

let folder: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'andon-process-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** A gateway whose MES is away: it needs no server to be ready. */
const gatewaySettings = () => ({
  line: standardLine('L1', 1),
  mes: { url: 'http://127.0.0.1:9', token: 't' },
  tokens: {},
  journal: path.join(folder, 'journal.sqlite'),
});

function start(
  settings: object,
  env: Record<string, string> = {},
): { child: ChildProcess; lines: () => object[]; exited: Promise<unknown[]> } {
  const file = path.join(folder, 'settings.json');
  writeFileSync(file, JSON.stringify(settings));
  const child = spawn(process.execPath, [...nodeArguments, plantPrograms.edge.module, file], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  children.push(child);
  let output = '';
  child.stdout?.on('data', (data) => {
    output += String(data);
  });
  const lines = () =>
    output
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as object);
  // Not its exit, which may come before the last of its words.
  return { child, lines, exited: once(child, 'close') };
}

async function ready({ child, lines }: ReturnType<typeof start>): Promise<string> {
  for (;;) {
    const found = lines().find((line): line is { ready: true; url: string } => 'ready' in line);
    if (found) return found.url;
    if (child.exitCode !== null) throw new Error('it ended before it was ready');
    if (child.stdout) await once(child.stdout, 'data');
  }
}

describe('A process of the plant', () => {
  it('says as JSON that it is ready and where it serves, and ends when its stdin does.', async () => {
    const gateway = start(gatewaySettings());
    const url = await ready(gateway);
    expect((await fetch(`${url}/-/healthy`)).status).toBe(200);
    gateway.child.stdin?.end();
    expect(await gateway.exited).toEqual([0, null]);
  });

  it('ends in order on SIGTERM.', async () => {
    const gateway = start(gatewaySettings());
    await ready(gateway);
    gateway.child.kill('SIGTERM');
    expect(await gateway.exited).toEqual([0, null]);
  });

  it('names what is wrong with its settings, and does not start.', async () => {
    const gateway = start({ ...gatewaySettings(), journal: 7, retrys: 3 });
    expect(await gateway.exited).toEqual([1, null]);
    const text = JSON.stringify(gateway.lines());
    expect(text).toContain('retrys');
    expect(text).toContain('journal');
  });

  const post = async (url: string) => {
    const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
    await (await fetch(`${url}/operations`, { method: 'POST', headers })).text();
  };

  it('tells its spans to the collector that the environment names, the last ones at its end.', async () => {
    await using receiver = await startOtlpReceiver();
    const gateway = start(gatewaySettings(), { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    await post(await ready(gateway));
    gateway.child.stdin?.end();
    expect(await gateway.exited).toEqual([0, null]);
    expect(receiver.spans).toContainEqual(
      expect.objectContaining({
        name: 'POST /operations',
        service: 'andon-edge',
        traceId: 'a'.repeat(32),
        parentSpanId: 'b'.repeat(16),
        attributes: expect.objectContaining({ 'http.response.status_code': 401 }),
      }),
    );
  });

  it('works and ends as ever when that collector is away, and says so once.', async () => {
    const gateway = start(gatewaySettings(), { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
    await post(await ready(gateway));
    gateway.child.kill('SIGTERM');
    expect(await gateway.exited).toEqual([0, null]);
    expect(
      gateway.lines().filter((line) => JSON.stringify(line).includes('trouble with traces')),
    ).toHaveLength(1);
  });
});
