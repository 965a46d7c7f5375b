import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../kit/ports.ts';
import { waitFor } from '../../kit/wait.ts';

/** A running Toxiproxy of a test, over its own HTTP API. */
export interface TestToxiproxy extends AsyncDisposable {
  control: string;
  pid: number;
  /** Makes a proxy on a free port, and returns that. */
  proxyTo(name: string, upstreamPort: number): Promise<number>;
  call(method: string, path: string, body?: object): Promise<unknown>;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
}

const program = [
  fileURLToPath(new URL('../../.tools/bin/toxiproxy-server', import.meta.url)),
  ...(process.env.PATH ?? '').split(path.delimiter).map((folder) => path.join(folder, 'toxiproxy-server')),
].find(existsSync);

/** For the names of tests: why they are skipped. */
export const toxiproxyMissing = program
  ? undefined
  : 'skipped: toxiproxy-server is missing, run ./setup.sh (needs Go)';

export async function startToxiproxy(): Promise<TestToxiproxy> {
  const [port = 0] = await freePorts(1);
  const control = `http://127.0.0.1:${port}`;
  // It has no stdin to end with: the kernel ends it with us.
  const args = ['--pdeathsig', 'KILL', program ?? '', '-host', '127.0.0.1', '-port', `${port}`];
  const server = spawn('setpriv', args, { stdio: 'ignore' });
  const exit = once(server, 'exit');
  const kill = async () => {
    server.kill('SIGKILL');
    await exit;
  };
  const call: TestToxiproxy['call'] = async (method, where, body) => {
    const init = {
      method,
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(5000),
    };
    const response = await fetch(new URL(where, control), init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${where}: HTTP ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  await waitFor(() => call('GET', '/version').then(() => true), { what: 'Toxiproxy', timeoutMs: 20_000 });
  return {
    control,
    pid: server.pid ?? 0,
    call,
    kill,
    async proxyTo(name, upstreamPort) {
      const wish = { name, listen: '127.0.0.1:0', upstream: `127.0.0.1:${upstreamPort}` };
      const { listen } = (await call('POST', '/proxies', wish)) as { listen: string };
      return Number(listen.split(':').at(-1));
    },
    [Symbol.asyncDispose]: kill,
  };
}
