import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { untilReady } from '../../kit/child-ready.ts';
import { type Child, type ChildOwner, startChild } from '../../kit/children.ts';
import { shortCodePath } from './rabbitmq-code-path.ts';

export interface RabbitmqOptions {
  folder: string;
  logFolder: string;
  ports: { amqp: number; management: number; distribution: number; epmd: number };
  programs: { 'rabbitmq-server': string; epmd: string };
  env: Readonly<Record<string, string>>;
  owner: ChildOwner;
  signal?: AbortSignal;
}

/** Two threads that sleep when idle, and the door for other nodes on the loopback too. */
const erlangOptions = '+S 2:2 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}';
/** Erlang compiles and boots for seconds on a busy computer. */
const readyWithinMs = 120_000;
/**
 * Starts RabbitMQ with its management API on the loopback. Its port mapper (epmd) runs in the foreground as a child of ours:
 * left alone, Erlang starts one as a daemon that nobody ever stops.
 */
export async function startRabbitmq(
  options: RabbitmqOptions,
): Promise<AsyncDisposable & Pick<Child, 'exited'>> {
  const { folder, logFolder, ports, programs, owner, signal } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const env = environment(options);
  await using stack = new AsyncDisposableStack();
  stack.use(await startEpmd(options, env));
  const server = stack.use(
    await startChild(
      {
        name: 'rabbitmq',
        command: programs['rabbitmq-server'],
        args: ['-noinput'],
        env,
        cwd: folder,
        logFile: path.join(logFolder, 'rabbitmq.log'),
        // Asked politely, its management API alone takes six seconds to end; and its data are not kept.
        stopSignal: 'SIGKILL',
      },
      owner,
    ),
  );
  const health = `http://127.0.0.1:${ports.management}/api/health/checks/port-listener/${ports.amqp}`;
  const authorization = `Basic ${Buffer.from('guest:guest').toString('base64')}`;
  await untilReady(server, async () => (await fetch(health, { headers: { authorization } })).ok, {
    timeoutMs: readyWithinMs,
    everyMs: 100,
    signal,
  });
  const owned = stack.move();
  return { exited: server.exited, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** RabbitMQ must find it: what finds none starts a daemon. */
async function startEpmd(
  { folder, logFolder, ports, programs, owner, signal }: RabbitmqOptions,
  env: Readonly<Record<string, string>>,
): Promise<Child> {
  const args = ['-port', String(ports.epmd), '-address', '127.0.0.1'];
  const logFile = path.join(logFolder, 'epmd.log');
  const child = await startChild(
    { name: 'epmd', command: programs.epmd, args, env, cwd: folder, logFile },
    owner,
  );
  try {
    await untilReady(child, () => accepts(ports.epmd), { timeoutMs: readyWithinMs, signal });
    return child;
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
}

async function accepts(port: number): Promise<true> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}

function environment({ folder, ports, programs, env }: RabbitmqOptions): Record<string, string> {
  const codePath = shortCodePath(programs, folder);
  const file = (name: string, text: string): string => {
    writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  return {
    ...env,
    ...codePath.env,
    HOME: folder,
    // Without this its script waits for Erlang as a second process.
    RABBITMQ_ALLOW_INPUT: '1',
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `andon-${ports.amqp}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(ports.amqp),
    RABBITMQ_DIST_PORT: String(ports.distribution),
    RABBITMQ_MNESIA_BASE: path.join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: path.join(folder, 'log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_ENABLED_PLUGINS_FILE: file('plugins', '[rabbitmq_management].\n'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    // Figures of queues twice as often as by default, so that a scrape of every 5 s sees fresh ones.
    RABBITMQ_CONFIG_FILE: file(
      'rabbitmq.conf',
      `management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = ${ports.management}\ncollect_statistics_interval = 2500\nlog.console.level = warning\n`,
    ),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `${erlangOptions} ${codePath.erlArgs}`,
  };
}
