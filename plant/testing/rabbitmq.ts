import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Connection } from 'rabbitmq-client';
import { freePorts } from '../../kit/ports.ts';
import { waitFor } from '../../kit/wait.ts';

/** A RabbitMQ of one's own that is not there yet, but whose address is known. */
export interface TestRabbit extends AsyncDisposable {
  readonly url: string;
  start(): Promise<void>;
}

const program = '/usr/lib/rabbitmq/bin/rabbitmq-server';

export async function reserveTestRabbit(): Promise<TestRabbit> {
  const folder = await mkdtemp(path.join(tmpdir(), 'andon-plant-mq-'));
  const [port, dist, epmd] = await freePorts(3);
  const url = `amqp://guest:guest@127.0.0.1:${port}`;
  const stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  await writeFile(path.join(folder, 'plugins'), '[].\n');
  await writeFile(path.join(folder, 'rabbitmq.conf'), 'loopback_users = none\n');
  return {
    url,
    async start() {
      stack.use(owned(spawn('epmd', ['-port', String(epmd), '-address', '127.0.0.1'], { stdio: 'ignore' })));
      const server = spawn(program, [], {
        stdio: 'ignore',
        cwd: folder,
        detached: true,
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          ERL_EPMD_PORT: String(epmd),
          RABBITMQ_NODENAME: `plant-${port}@localhost`,
          RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
          RABBITMQ_NODE_PORT: String(port),
          RABBITMQ_DIST_PORT: String(dist),
          RABBITMQ_MNESIA_BASE: path.join(folder, 'mnesia'),
          RABBITMQ_LOG_BASE: path.join(folder, 'log'),
          RABBITMQ_ENABLED_PLUGINS_FILE: path.join(folder, 'plugins'),
          RABBITMQ_CONFIG_FILE: path.join(folder, 'rabbitmq.conf'),
          RABBITMQ_CONF_ENV_FILE: '/dev/null',
        },
      });
      stack.use(owned(server, -1));
      await waitFor(() => answers(url), { what: 'RabbitMQ', timeoutMs: 60_000, everyMs: 200 });
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
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
