import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../kit/ports.ts';
import { collectOnce } from '../testing/collect.ts';
import { type HalfOpenLink, startHalfOpenLink } from '../testing/half-open-link.ts';
import { type CertificateAuthority, createCertificateAuthority } from '../web/testing/certificates.ts';
import { startTestBroker, type TestBroker } from './testing/mqtt-broker.ts';
import { type SourceOptions, sparkplugCollector, until } from './testing/sparkplug-collector.ts';
import { TestEdgeNode } from './testing/test-edge-node.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'andon-broker-'));
let broker: TestBroker;
let certificates: CertificateAuthority;
let secure: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker();
  certificates = await createCertificateAuthority();
  const tls = await certificates.issue('broker', 'DNS:broker.example');
  secure = await startTestBroker({ tls, user: { name: 'andon', password: 'right' } });
});
afterAll(async () => {
  await Promise.all([broker, secure, certificates].map((one) => one?.[Symbol.asyncDispose]()));
  rmSync(folder, { recursive: true, force: true });
});

const collectorOf = (options: SourceOptions) => sparkplugCollector(folder, options);
const heartbeat = 'mes_device_last_heartbeat_timestamp_seconds{target="plant",line="down",device="GW"}';

describe('a broker', () => {
  it('that is down fails the collector with the reason, and the devices stay; when it is back, so are they', async () => {
    await using own = await startTestBroker();
    using collectors = collectorOf({ broker: own.url });
    await collectOnce(collectors.get());
    await using node = await TestEdgeNode.connect(own.url, 'down', 'GW');
    await node.birth();
    const known = await until(collectors, 'the birth', (m) => m.found.has(heartbeat));
    await own.stop();
    const lost = await until(collectors, 'the loss', (m) => m.failure !== undefined);
    expect(lost.failure).toMatch(`${own.url}: `);
    expect(lost.found.get(heartbeat)).toBeGreaterThanOrEqual(known.found.get(heartbeat) ?? 0);
    const refusal = `${own.url}: connect ECONNREFUSED 127.0.0.1:${own.port}`;
    await until(collectors, 'the refusal', (m) => m.failure === refusal);
    await own.start();
    await until(collectors, 'the way back', (m) => m.failure === undefined);
  });

  it('that was never there says so in the first scrape', async () => {
    const [port] = await freePorts(1);
    using collectors = collectorOf({ broker: `mqtt://127.0.0.1:${port}` });
    const { failure, found } = await collectOnce(collectors.get());
    expect(failure).toBe(`mqtt://127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`);
    expect([...found.values()]).toEqual([0, 0]);
  });

  it('that lets nobody subscribe fails the collector with the topic', async () => {
    await using own = await startTestBroker({ closed: 'spBv1.0/secret/' });
    using open = collectorOf({ broker: own.url, groups: ['open'] });
    expect((await collectOnce(open.get())).failure).toBeUndefined();
    using closed = collectorOf({ broker: own.url, groups: ['secret'] });
    const { failure } = await collectOnce(closed.get());
    expect(failure).toBe(`${own.url}: the broker refuses the subscription to spBv1.0/secret/NBIRTH/+`);
  });

  it('that accepts and never answers neither hangs a scrape nor goes unnoticed', async () => {
    await using link: HalfOpenLink = await startHalfOpenLink(broker.port);
    link.cut();
    const url = `mqtt://127.0.0.1:${link.port}`;
    using collectors = collectorOf({ broker: url });
    const first = await collectOnce(collectors.get(), 600);
    expect(first.failure).toBe(`${url}: no answer yet`);
    const reason = `${url}: the connection was accepted, but CONNECT was not answered within 5 s`;
    await until(collectors, 'the reason', (m) => m.failure === reason);
  });
});

describe('TLS and passwords', () => {
  const source = () => ({
    broker: secure.url,
    username: 'andon',
    password: 'right',
    tls: { ca_file: certificates.certFile, server_name: 'broker.example' },
  });
  const failureOf = async (options: SourceOptions) => {
    using collectors = collectorOf({ ...source(), ...options });
    return (await collectOnce(collectors.get())).failure;
  };

  it('let in who has all of it right', async () => {
    expect(await failureOf({})).toBeUndefined();
  });

  it('refuse a certificate for another name', async () => {
    const wrong = await failureOf({ tls: { ca_file: certificates.certFile } });
    expect(wrong).toMatch(
      `${secure.url}: Hostname/IP does not match certificate's altnames: IP: 127.0.0.1 is not`,
    );
  });

  it('refuse a certificate of an authority that is not trusted', async () => {
    const wrong = await failureOf({ tls: { server_name: 'broker.example' } });
    expect(wrong).toMatch(`${secure.url}: unable to verify the first certificate`);
  });

  it('name a file that is not there', async () => {
    const wrong = await failureOf({ tls: { ca_file: '/nowhere/ca.pem' } });
    expect(wrong).toBe(`${secure.url}: ENOENT: no such file or directory, open '/nowhere/ca.pem'`);
  });

  it('refuse a wrong password, which is not in the message', async () => {
    const wrong = await failureOf({ password: 'wrong' });
    expect(wrong).toBe(`${secure.url}: Connection refused: Not authorized`);
  });
});
