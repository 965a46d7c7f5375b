import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../kit/testing/otlp-receiver.ts';

const bin = fileURLToPath(new URL('./bin.ts', import.meta.url));
const loaded = 'loaded: ';

/** Tells on stderr which modules of OpenTelemetry a process loads. */
const spy = `import { registerHooks } from 'node:module';
registerHooks({ resolve(specifier, context, next) {
  const found = next(specifier, context);
  if (found.url.includes('@opentelemetry/')) process.stderr.write('${loaded}' + found.url + '\\n');
  return found;
} });`;

let cwd = '';
beforeAll(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'andon-tracing-'));
  const targets = `targets: {mes-db: {kind: postgres, url: 'postgres://127.0.0.1:9/mes'}}`;
  writeFileSync(path.join(cwd, 'andon.yaml'), `${targets}\nexporter: {listen: '127.0.0.1:0'}\n`);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** `andon exporter` in a process with these OTEL_* variables; `onReady` is given its address, and then it is stopped. */
async function andon(env: Record<string, string>, onReady: (url: string) => Promise<void>) {
  const child = spawn(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(spy)}`, bin, 'exporter'],
    {
      cwd,
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: path.join(cwd, 'compiled'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let [stdout, stderr] = ['', ''];
  child.stderr.on('data', (text) => {
    stderr += String(text);
  });
  child.stdout.on('data', async (text) => {
    stdout += String(text);
    const url = /"url":"([^"]+)"/.exec(stdout)?.[1];
    if (url === undefined) return;
    await onReady(url).finally(() => child.kill('SIGTERM'));
  });
  const [code] = await once(child, 'close');
  const lines = stderr.split('\n').filter(Boolean);
  return {
    code,
    stdout,
    modules: lines.filter((line) => line.startsWith(loaded)),
    said: lines.filter((line) => !line.startsWith(loaded)),
  };
}

const scrape = async (url: string) => {
  await (await fetch(`${url}/metrics`)).text();
};
const isOfSdk = (module: string) => !module.includes('@opentelemetry/api/');

describe('The command line', () => {
  it('loads nothing of the SDK unless the environment asks for it.', async () => {
    const quiet = await andon({}, scrape);
    expect(quiet.code).toBe(0);
    expect(quiet.modules).not.toEqual([]);
    expect(quiet.modules.filter(isOfSdk)).toEqual([]);
  });

  it('tells the scrapes of its exporter to a collector and to stderr, and leaves stdout to results.', async () => {
    await using receiver = await startOtlpReceiver();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_TRACES_EXPORTER: 'otlp,console' };
    const { code, stdout, said, modules } = await andon(env, scrape);
    expect(code).toBe(0);
    expect(modules.filter(isOfSdk)).not.toEqual([]);
    const [whole] = receiver.spans.filter(({ name }) => name === 'scrape');
    expect(whole).toMatchObject({ service: 'andon-exporter', error: undefined });
    expect(receiver.spans.find(({ name }) => name === 'collect locks')).toMatchObject({
      parentSpanId: whole?.spanId,
      error: expect.stringContaining('ECONNREFUSED'),
      attributes: { 'andon.target': 'mes-db', 'andon.outcome': 'failed' },
    });
    const lines = said.filter((line) => line.startsWith('{"span"')).map((line) => JSON.parse(line) as object);
    expect(lines).toHaveLength(receiver.spans.length);
    expect(lines).toContainEqual(
      expect.objectContaining({ span: 'scrape', service: 'andon-exporter', spanId: whole?.spanId }),
    );
    expect(said.filter((line) => line.includes('trouble with traces'))).toEqual([]);
    expect(stdout.trim().split('\n')).toHaveLength(1);
  });

  it('says once that a collector is away, and does its work as ever.', async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
    const { code, said } = await andon(env, async (url) => {
      await scrape(url);
      await scrape(url);
    });
    expect(code).toBe(0);
    expect(said.filter((line) => line.includes('trouble with traces'))).toHaveLength(1);
  });
});
