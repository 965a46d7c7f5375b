import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hash } from 'bcryptjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKeeper } from '../../kit/keeper.ts';
import { silentLog } from '../../kit/log.ts';
import { freePorts } from '../../kit/ports.ts';
import { targetsSchema } from '../../kit/targets.ts';
import { waitFor } from '../../kit/wait.ts';
import { startPrometheus } from '../../lab/services/prometheus.ts';
import { exporterSection } from '../config.ts';
import { startExporter } from '../server.ts';
import { type CertificateAuthority, createCertificateAuthority } from './testing/certificates.ts';

/** Databases at a port where nobody listens: their probes answer at once that they are down. */
const databases = (...names: string[]) =>
  targetsSchema.parse(
    Object.fromEntries(names.map((name) => [name, { kind: 'postgres', url: 'postgres://127.0.0.1:1/x' }])),
  );

let ca: CertificateAuthority;
let prometheusUrl: string;
let ports: { plain: number; locked: number };
const opened = new AsyncDisposableStack();
beforeAll(async () => {
  ca = opened.use(await createCertificateAuthority());
  await ca.issue('server', 'IP:127.0.0.1');
  const [plain = 0, locked = 0, port = 0] = await freePorts(3);
  ports = { plain, locked };
  const configFile = path.join(ca.folder, 'prometheus.yml');
  await writeFile(configFile, prometheusConfig());
  const keeper = opened.use(await startKeeper());
  opened.use(
    await startPrometheus({
      folder: ca.folder,
      logFile: path.join(ca.folder, 'prometheus.log'),
      port,
      program: 'prometheus',
      configFile,
      env: { PATH: process.env.PATH ?? '' },
      owner: { keeper, log: silentLog },
    }),
  );
  prometheusUrl = `http://127.0.0.1:${port}`;
});
afterAll(() => opened.disposeAsync());

/** What a user writes: nothing but where the exporter is, and how to get in. */
const prometheusConfig = () => `
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: plain
    http_sd_configs: [{url: 'http://127.0.0.1:${ports.plain}/sd', refresh_interval: 1s}]
  - job_name: locked
    basic_auth: {username: prometheus, password: right}
    tls_config: {ca_file: ${ca.certFile}}
    http_sd_configs:
      - url: https://127.0.0.1:${ports.locked}/sd
        refresh_interval: 1s
        basic_auth: {username: prometheus, password: right}
        tls_config: {ca_file: ${ca.certFile}}
`;

const start = (port: number, names: string[], webConfig?: string) =>
  startExporter({
    config: exporterSection.parse({
      listen: `127.0.0.1:${port}`,
      ...(webConfig && { web_config: webConfig }),
    }),
    targets: databases(...names),
    version: '0.0.0',
    log: silentLog,
  });

/** The labels and values of a series in Prometheus, as soon as there are so many of them. */
const series = (expr: string, count: number) =>
  waitFor(
    async () => {
      const body = new URLSearchParams({ query: expr });
      const response = await fetch(`${prometheusUrl}/api/v1/query`, { method: 'POST', body });
      const { data } = (await response.json()) as {
        data: { result: { metric: Record<string, string>; value: [number, string] }[] };
      };
      const found = data.result.map(({ metric, value: [, value] }) => ({ ...metric, value }));
      return found.length === count && found;
    },
    { what: `${count} series of ${expr} in Prometheus`, timeoutMs: 60_000, everyMs: 250 },
  );

describe.concurrent('Prometheus, told only where /sd is', { timeout: 120_000 }, () => {
  const up = (name: string) => ({
    __name__: 'up',
    instance: name,
    job: 'plain',
    kind: 'postgres',
    value: '1',
  });

  it('scrapes each target, and a database that is added later without a change of its own', async () => {
    {
      await using _ = await start(ports.plain, ['mes-db']);
      expect(await series('mes_db_up{job="plain"}', 1)).toEqual([
        { ...up('mes-db'), __name__: 'mes_db_up', target: 'mes-db', value: '0' },
      ]);
      expect(await series('up{job="plain"} == 1', 1)).toEqual([up('mes-db')]);
    }
    await using _ = await start(ports.plain, ['mes-db', 'erp-db']);
    const both = await series('mes_db_up{job="plain"}', 2);
    expect(both.map((found) => 'target' in found && found.target).toSorted()).toEqual(['erp-db', 'mes-db']);
    expect(await series('up{job="plain"} == 1', 2)).toEqual(
      expect.arrayContaining([up('mes-db'), up('erp-db')]),
    );
    // What carries no target of its own is told apart by the instance.
    expect(await series('mes_exporter_build_info{job="plain"}', 2)).toHaveLength(2);
  });

  it('gets in with a password over TLS, and does not with a wrong one', async () => {
    const webConfig = path.join(ca.folder, 'web.yaml');
    const text = async (password: string) =>
      `tls_server_config: {cert_file: server.pem, key_file: server.key}\nbasic_auth_users: {prometheus: ${await hash(password, 4)}}\n`;
    await writeFile(webConfig, await text('right'));
    await using _ = await start(ports.locked, ['mes-db'], webConfig);
    await series('mes_db_up{job="locked"}', 1);
    expect(await series('up{job="locked"} == 1', 1)).toHaveLength(1);
    await writeFile(webConfig, await text('another'));
    expect(await series('up{job="locked"} == 0', 1)).toHaveLength(1);
  });
});
