import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../kit/ports.ts';
import { waitFor } from '../kit/wait.ts';

/** An exporter in a process of its own. */
export interface ScrapedProgram extends AsyncDisposable {
  /** One scrape as Prometheus makes it: the text, and how long it took. A scrape without an answer has neither text nor end. */
  scrape(path: string): Promise<{ ms: number; text: string }>;
  /** What it holds in memory now, in MiB. */
  residentMiB(): number;
}

/** Longer than Prometheus' usual 10 s: what takes longer would have been given up. */
const scrapeLimitMs = 12_000;

/** `andon exporter` with these PostgreSQL targets. */
export async function startAndonExporter(urls: Readonly<Record<string, string>>): Promise<ScrapedProgram> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(path.join(tmpdir(), 'andon-bench-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const [port = 0] = await freePorts(1);
  const file = path.join(folder, 'andon.yaml');
  const targets = Object.fromEntries(
    Object.entries(urls).map(([name, url]) => [name, { kind: 'postgres', url }]),
  );
  writeFileSync(file, JSON.stringify({ exporter: { listen: `127.0.0.1:${port}` }, targets }));
  const bin = fileURLToPath(new URL('../cli/bin.ts', import.meta.url));
  const address = `http://127.0.0.1:${port}`;
  const program = await startScraped(process.execPath, [bin, 'exporter', '--config', file], {}, address);
  if (program === undefined) throw new Error('the exporter does not start');
  stack.use(program);
  const owned = stack.move();
  return { ...program, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Debian's exporter as it comes, for one database; undefined when it is not on PATH. */
export async function startPostgresExporter(databaseUrl: string): Promise<ScrapedProgram | undefined> {
  const [port = 0] = await freePorts(1);
  const args = [`--web.listen-address=127.0.0.1:${port}`];
  const env = { DATA_SOURCE_NAME: `${databaseUrl}?sslmode=disable` };
  return await startScraped('prometheus-postgres-exporter', args, env, `http://127.0.0.1:${port}`);
}

/** Starts a program that will listen at this address, and waits until it does. Undefined when it is not on PATH. */
async function startScraped(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  url: string,
): Promise<ScrapedProgram | undefined> {
  const child = spawn(command, [...args], { env: { PATH: process.env.PATH ?? '', ...env }, stdio: 'ignore' });
  const ended = once(child, 'exit');
  const started = await once(child, 'spawn').catch(() => undefined);
  if (started === undefined) return undefined;
  await waitFor(async () => (await fetch(url)).ok, { what: `${command} at ${url}`, timeoutMs: 30_000 });
  return {
    async scrape(path) {
      const headers = { 'X-Prometheus-Scrape-Timeout-Seconds': '10' };
      const from = performance.now();
      const signal = AbortSignal.timeout(scrapeLimitMs);
      const text = await fetch(`${url}${path}`, { headers, signal }).then(
        (response) => response.text(),
        () => '',
      );
      return { ms: performance.now() - from, text };
    },
    residentMiB() {
      const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      return Number(kib) / 1024;
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}
