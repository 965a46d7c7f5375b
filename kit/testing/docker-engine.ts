import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { DockerEngine } from '../docker.ts';
import { waitFor } from '../wait.ts';

/** The image of every container: one static program. */
export const testImage = 'andon-test:busybox';

/** For the names of tests: why they are skipped. */
export const dockerMissing = missing();

function missing(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'skipped: a Docker engine of its own needs root on Linux';
  try {
    for (const program of ['dockerd', 'docker', 'unshare'])
      execFileSync('which', [program], { stdio: 'ignore' });
    if (execFileSync('busybox', ['--list'], { encoding: 'utf8' }).split('\n').includes('nc') && isStatic())
      return undefined;
  } catch {
    // One of them is missing.
  }
  return 'skipped: dockerd, docker or a static busybox is missing (apt-get install docker.io busybox-static)';
}

/** A program without a loader: its file names none. */
function isStatic(): boolean {
  return !readFileSync(busybox()).subarray(0, 4096).includes('ld-linux');
}

function busybox(): string {
  return execFileSync('which', ['busybox'], { encoding: 'utf8' }).trim();
}

export interface TestEngine extends AsyncDisposable {
  socket: string;
  pid: number;
  /** The network namespace in which it makes its bridges. */
  namespaceFile: string;
  /** Runs `docker ARGS`, and returns what it prints. */
  docker(...args: string[]): Promise<string>;
  /** Starts a container that does nothing; as its first process it does not listen to SIGTERM either. */
  sleeper(name: string, network?: string): Promise<void>;
}

/** A Docker engine in a folder, a mount and a network namespace of its own: nothing of it stays, and no rule of this computer changes. */
export async function startTestEngine(): Promise<TestEngine> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'andon-docker-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  const socket = path.join(folder, 'docker.sock');
  const log = openSync(path.join(folder, 'log'), 'a');
  const settings = ['--iptables=false', '--ip6tables=false', '--bridge=none', '--storage-driver=vfs'];
  const places = ['data-root', 'exec-root', 'pidfile'].map((name) => `--${name}=${path.join(folder, name)}`);
  const daemon = ['dockerd', ...settings, ...places, `--host=unix://${socket}`];
  // Asked to end when we die, so that it ends its containers too.
  const start = [
    '--pdeathsig',
    'TERM',
    'unshare',
    '--net',
    '--mount',
    'sh',
    '-c',
    'ip link set lo up; exec "$@"',
    'sh',
  ];
  const engine = spawn('setpriv', [...start, ...daemon], { stdio: ['ignore', log, log] });
  const exit = once(engine, 'exit');
  stack.defer(async () => {
    engine.kill('SIGTERM');
    await exit;
  });
  await waitFor(() => new DockerEngine(socket).version(), { what: 'the Docker engine', timeoutMs: 60_000 });
  const docker = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)('docker', ['--host', `unix://${socket}`, ...args]);
    return stdout.trim();
  };
  stack.defer(async () => {
    // What does not listen to its end would be waited for.
    const all = await docker('ps', '--all', '--quiet');
    if (all !== '') await docker('rm', '--force', ...all.split('\n'));
  });
  await importImage(folder, docker);
  const { pid = 0 } = engine;
  const opened = stack.move();
  return {
    socket,
    docker,
    async sleeper(name, network = 'none') {
      const program = [testImage, '/bin/busybox', 'sleep', '999'];
      await docker('run', '--detach', '--network', network, '--name', name, ...program);
    },
    pid,
    namespaceFile: `/proc/${pid}/ns/net`,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function importImage(folder: string, docker: TestEngine['docker']): Promise<void> {
  const root = path.join(folder, 'image');
  mkdirSync(path.join(root, 'bin'), { recursive: true });
  copyFileSync(busybox(), path.join(root, 'bin', 'busybox'));
  const tar = path.join(folder, 'image.tar');
  execFileSync('tar', ['-C', root, '-cf', tar, '.']);
  await docker('import', tar, testImage);
}
