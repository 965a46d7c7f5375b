import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Connection } from 'rabbitmq-client';
import { freePorts } from '../../kit/ports.ts';
import { waitFor } from '../../kit/wait.ts';

/** A RabbitMQ of one's own that is not there yet, but whose addresses are known. */
export interface TestRabbit extends AsyncDisposable {
  readonly url: string;
  /** Its management API, for a test that asked for the plugin. */
  readonly management: string;
  /** Its own Prometheus endpoint, for a test that asked for the plugin. */
  readonly prometheus: string;
  start(): Promise<void>;
  /** Kills it; `start` brings it back at the same addresses, with what was durable. */
  kill(): Promise<void>;
}

/** Plugins with a door of their own that a test can open. */
export type TestRabbitPlugin = 'rabbitmq_management' | 'rabbitmq_prometheus';

const program = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const doors = { rabbitmq_management: 'management', rabbitmq_prometheus: 'prometheus' } as const;

export async function reserveTestRabbit(plugins: readonly TestRabbitPlugin[] = []): Promise<TestRabbit> {
  const folder = await mkdtemp(path.join(tmpdir(), 'andon-plant-mq-'));
  const [port, dist, epmd, management, prometheus] = (await freePorts(5)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const url = `amqp://guest:guest@127.0.0.1:${port}`;
  const stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const ports = { rabbitmq_management: management, rabbitmq_prometheus: prometheus };
  await writeFile(path.join(folder, 'plugins'), `[${plugins.join(',')}].\n`);
  await writeFile(path.join(folder, 'rabbitmq.conf'), configuration(plugins, ports));
  let mapper: AsyncDisposable | undefined;
  let server: AsyncDisposable | undefined;
  stack.defer(async () => {
    await server?.[Symbol.asyncDispose]();
    await mapper?.[Symbol.asyncDispose]();
  });
  return {
    url,
    management: `http://guest:guest@127.0.0.1:${management}`,
    prometheus: `http://127.0.0.1:${prometheus}`,
    async start() {
      mapper ??= owned(spawn('epmd', ['-port', String(epmd), '-address', '127.0.0.1'], { stdio: 'ignore' }));
      server = owned(startServer(folder, { port, dist, epmd }), -1);
      await waitFor(() => answers(url), { what: 'RabbitMQ', timeoutMs: 60_000, everyMs: 200 });
      for (const plugin of plugins)
        await waitFor(() => accepts(ports[plugin]), { what: plugin, timeoutMs: 60_000, everyMs: 100 });
    },
    kill: async () => server?.[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Its figures are renewed every second, so that no test waits five for them. */
function configuration(
  plugins: readonly TestRabbitPlugin[],
  ports: Readonly<Record<TestRabbitPlugin, number>>,
): string {
  const listeners = plugins.flatMap((plugin) => [
    `${doors[plugin]}.tcp.ip = 127.0.0.1`,
    `${doors[plugin]}.tcp.port = ${ports[plugin]}`,
  ]);
  return `${['loopback_users = none', 'collect_statistics_interval = 1000', ...listeners].join('\n')}\n`;
}

function startServer(folder: string, ports: { port: number; dist: number; epmd: number }): ChildProcess {
  return spawn(program, [], {
    stdio: 'ignore',
    cwd: folder,
    detached: true,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      ERL_EPMD_PORT: String(ports.epmd),
      RABBITMQ_NODENAME: `plant-${ports.port}@localhost`,
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: String(ports.port),
      RABBITMQ_DIST_PORT: String(ports.dist),
      RABBITMQ_MNESIA_BASE: path.join(folder, 'mnesia'),
      RABBITMQ_LOG_BASE: path.join(folder, 'log'),
      RABBITMQ_ENABLED_PLUGINS_FILE: path.join(folder, 'plugins'),
      RABBITMQ_CONFIG_FILE: path.join(folder, 'rabbitmq.conf'),
      RABBITMQ_CONF_ENV_FILE: '/dev/null',
      // Threads that sleep when idle: others of the same computer are being tested too.
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+sbwt none',
    },
  });
}

/** Kills a child, or with -1 its whole process group: RabbitMQ is a shell with Erlang under it. */
function owned(child: ChildProcess, sign: 1 | -1 = 1): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      process.kill(sign * child.pid, 'SIGKILL');
      await gone;
    },
  };
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}

async function answers(url: string): Promise<boolean> {
  const connection = new Connection({ url, connectionTimeout: 2000, retryLow: 10_000, retryHigh: 10_000 });
  connection.on('error', () => {});
  try {
    await connection.onConnect(2000);
    return true;
  } finally {
    connection.unsafeDestroy();
  }
}
