import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { modulePath } from '../../kit/module-path.ts';
import { waitFor } from '../../kit/wait.ts';
import type { Order, Said } from './far-peer-main.ts';

const addresses = {
  near: { ipv4: '10.77.7.1', ipv6: 'fd77::1' },
  far: { ipv4: '10.77.7.2', ipv6: 'fd77::2' },
} as const;
export const farAddress = addresses.far;

/** For the names of tests: why they are skipped. */
export const namespacesMissing = missing();

function missing(): string | undefined {
  if (process.platform !== 'linux') return 'skipped: network namespaces are Linux only';
  if (process.getuid?.() !== 0) return 'skipped: network namespaces need root';
  try {
    execFileSync('unshare', ['--net', 'nft', 'list', 'tables'], { stdio: 'ignore' });
    execFileSync('ip', ['netns', 'list'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'skipped: nft (./setup.sh installs it), ip or the right to make network namespaces is missing';
  }
}

/** Two network namespaces with a cable between them, and somebody in each. */
export interface TwoNamespaces extends AsyncDisposable {
  /** The one whose traffic is disturbed. */
  near: FarPeer & { namespace: string };
  far: FarPeer;
}

/** Somebody who connects and answers in a namespace. */
export interface FarPeer {
  order(order: Order): void;
  said: Said[];
  /** Waits until it has said something like this. */
  says<E extends Said['event']>(event: E, match?: Partial<Said>): Promise<Said & { event: E }>;
}

export async function startTwoNamespaces(): Promise<TwoNamespaces> {
  await using stack = new AsyncDisposableStack();
  const names = { near: `andon-test-near-${process.pid}`, far: `andon-test-far-${process.pid}` };
  for (const name of Object.values(names)) {
    ip('netns', 'add', name);
    stack.defer(() => ip('netns', 'del', name));
  }
  ip('-n', names.near, 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', names.far);
  for (const side of ['near', 'far'] as const) {
    const name = names[side];
    ip('-n', name, 'addr', 'add', `${addresses[side].ipv4}/24`, 'dev', 'cable');
    ip('-n', name, 'addr', 'add', `${addresses[side].ipv6}/64`, 'dev', 'cable', 'nodad');
    for (const device of ['lo', 'cable']) ip('-n', name, 'link', 'set', device, 'up');
  }
  const near = { ...startPeerIn(`/run/netns/${names.near}`, stack), namespace: names.near };
  const far = startPeerIn(`/run/netns/${names.far}`, stack);
  const opened = stack.move();
  return { near, far, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Starts somebody in the network namespace of that file; it ends with the stack. */
export function startPeerIn(namespaceFile: string, stack: AsyncDisposableStack): FarPeer {
  const args = [`--net=${namespaceFile}`, process.execPath, modulePath(import.meta.url, './far-peer-main')];
  const child = spawn('nsenter', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  stack.defer(async () => {
    child.stdin.end();
    await exit;
  });
  const said: Said[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => said.push(JSON.parse(line) as Said));
  return {
    said,
    order: (order) => void child.stdin.write(`${JSON.stringify(order)}\n`),
    says: (event, match = {}) =>
      waitFor(
        () => said.find((one): one is Said & { event: typeof event } => fits(one, { ...match, event })),
        {
          what: `"${event}" ${JSON.stringify(match)}`,
          timeoutMs: 20_000,
          everyMs: 10,
        },
      ),
  };
}

const fits = (said: Said, wanted: object): boolean =>
  Object.entries(wanted).every(([key, value]) => (said as unknown as Record<string, unknown>)[key] === value);

const ip = (...args: string[]): void => {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
};
