import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { untilReady } from '../../kit/child-ready.ts';
import { type ChildOwner, startChild } from '../../kit/children.ts';

export interface RabbitmqOptions {
  folder: string;
  logFolder: string;
  ports: { amqp: number; management: number; distribution: number; epmd: number };
  programs: { 'rabbitmq-server': string; epmd: string };
  env: Readonly<Record<string, string>>;
  owner: ChildOwner;
  signal?: AbortSignal;
}

/** Erlang compiles and boots for seconds on a busy computer. */
const readyWithinMs = 120_000;
/** Long enough for a broker to close its queues; then it is killed, because its data are not kept. */
const stopWithinMs = 10_000;

/**
 * Starts RabbitMQ with its management API on the loopback. Its port mapper (epmd) runs in the foreground as a child of ours:
 * left alone, Erlang starts one as a daemon that nobody ever stops.
 */
export async function startRabbitmq(options: RabbitmqOptions): Promise<AsyncDisposable> {
  const { folder, logFolder, ports, programs, owner, signal } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const env = environment(options);
  await using stack = new AsyncDisposableStack();
  stack.use(
    await startChild(
      {
        name: 'epmd',
        command: programs.epmd,
        args: ['-port', String(ports.epmd), '-address', '127.0.0.1'],
        env,
        cwd: folder,
        logFile: path.join(logFolder, 'epmd.log'),
      },
      owner,
    ),
  );
  const server = stack.use(
    await startChild(
      {
        name: 'rabbitmq',
        command: programs['rabbitmq-server'],
        args: [],
        env,
        cwd: folder,
        logFile: path.join(logFolder, 'rabbitmq.log'),
        stopTimeoutMs: stopWithinMs,
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
  return { [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function environment({ folder, ports, env }: RabbitmqOptions): Record<string, string> {
  const file = (name: string, text: string): string => {
    writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  return {
    ...env,
    HOME: folder,
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
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2 +sbwt none',
  };
}
