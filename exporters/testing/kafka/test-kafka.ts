import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Admin, FeatureUpgradeTypes, updateFeaturesV1 } from '@platformatic/kafka';
import { freePorts } from '../../../kit/ports.ts';
import { waitFor } from '../../../kit/wait.ts';
import { createCertificateAuthority } from '../../web/testing/certificates.ts';

/** A Kafka of one broker, in KRaft mode, with a door for each way in. */
export interface TestKafka extends AsyncDisposable {
  readonly port: number;
  readonly plain: string;
  /** For the user `andon` with the password `right`. */
  readonly sasl: string;
  /** Its certificate is for the name localhost, by the authority in `caFile`; at `tls` it has that name. */
  readonly tls: string;
  readonly caFile: string;
  kill(): Promise<void>;
}

/** Small, and quick to start rather than quick. */
const javaOptions = ['-Xms64m', '-Xmx192m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];

export async function startTestKafka(classPath: string): Promise<TestKafka> {
  const folder = await mkdtemp(path.join(tmpdir(), 'andon-kafka-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const [port, sasl, tls, controller] = (await freePorts(4)) as [number, number, number, number];
  const authority = stack.use(await createCertificateAuthority());
  const own = await authority.issue('kafka', 'DNS:localhost');
  await writeFile(path.join(folder, 'keys.pem'), `${own.key}${own.cert}${authority.cert}`);
  await mkdir(path.join(folder, 'data'));
  // What `kafka-storage format` would write, without a second Java for it.
  await writeFile(
    path.join(folder, 'data', 'meta.properties'),
    'version=1\ncluster.id=andon-test-cluster-00w\nnode.id=1\n',
  );
  const settings = path.join(folder, 'server.properties');
  await writeFile(settings, properties(folder, { port, sasl, tls, controller }));
  const log = path.join(folder, 'log');
  const broker = spawn('java', [...javaOptions, '-cp', classPath, 'kafka.Kafka', settings], {
    stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')],
    cwd: folder,
  });
  const kill = () => end(broker);
  stack.defer(kill);
  await waitFor(() => answers(`127.0.0.1:${port}`, broker, log), { what: 'Kafka', timeoutMs: 120_000 });
  await enableConsumerProtocol(`127.0.0.1:${port}`);
  const owned = stack.move();
  return {
    port,
    plain: `127.0.0.1:${port}`,
    sasl: `127.0.0.1:${sasl}`,
    tls: `localhost:${tls}`,
    caFile: authority.certFile,
    kill,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function properties(folder: string, ports: Record<'port' | 'sasl' | 'tls' | 'controller', number>): string {
  const doors = [
    `PLAIN://127.0.0.1:${ports.port}`,
    `SASL://127.0.0.1:${ports.sasl}`,
    `TLS://localhost:${ports.tls}`,
  ];
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule';
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${ports.controller}`,
    `listeners=${doors.join(',')},CONTROLLER://127.0.0.1:${ports.controller}`,
    `advertised.listeners=${doors.join(',')}`,
    'listener.security.protocol.map=PLAIN:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SSL,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name=PLAIN',
    'controller.listener.names=CONTROLLER',
    `log.dirs=${path.join(folder, 'data')}`,
    'sasl.enabled.mechanisms=PLAIN',
    `listener.name.sasl.plain.sasl.jaas.config=${login} required user_andon="right";`,
    'ssl.keystore.type=PEM',
    `ssl.keystore.location=${path.join(folder, 'keys.pem')}`,
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=1',
    'group.initial.rebalance.delay.ms=0',
    // Its usual buffer of 128 MB does not fit into this heap.
    'log.cleaner.dedupe.buffer.size=2097152',
    '',
  ].join('\n');
}

async function answers(broker: string, child: ChildProcess, log: string): Promise<boolean> {
  if (child.exitCode !== null)
    throw new Error(`it ended with ${child.exitCode}: ${readFileSync(log, 'utf8')}`);
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker], retries: 0, connectTimeout: 1000 });
  try {
    await admin.listTopics();
    return true;
  } finally {
    await admin.close();
  }
}

/** The group protocol of KIP-848, which a formatted cluster has from the beginning. */
async function enableConsumerProtocol(broker: string): Promise<void> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker] });
  try {
    const [connection] = (await admin.connectToBrokers()).values();
    if (connection === undefined) throw new Error('the test broker names no broker');
    const feature = {
      feature: 'group.version',
      maxVersionLevel: 1,
      upgradeType: FeatureUpgradeTypes.UPGRADE,
    };
    await updateFeaturesV1.api.async(connection, 5000, [feature], false);
  } finally {
    await admin.close();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
