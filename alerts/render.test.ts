import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { alertsSection } from './config.ts';
import { checkAll, renderAll } from './render.ts';

const input = {
  alerts: alertsSection.parse({
    receivers: [
      { name: 'runbooks', url: 'http://127.0.0.1:9465/alertmanager', token_file: '/run/secrets/runbooks' },
      { name: 'drill', url: 'http://127.0.0.1:9466/alertmanager' },
    ],
  }),
  exporterAddress: '127.0.0.1:9464',
  alertmanagerAddress: '127.0.0.1:9093',
};

describe('the rendered files', { timeout: 30_000 }, () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'andon-render-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  const outcome = async () =>
    Object.fromEntries((await checkAll(dir)).map(({ file, ok }) => [path.basename(file), ok]));

  it('are accepted by promtool and amtool', async () => {
    renderAll(input, dir);
    for (const { ok, output } of await checkAll(dir)) expect(ok, output).toBe(true);
  });

  it('are accepted without a receiver too', async () => {
    renderAll({ ...input, alerts: alertsSection.parse({}) }, dir);
    expect(await outcome()).toEqual({
      'andon.rules.yml': true,
      'prometheus.yml': true,
      'alertmanager.yml': true,
    });
  });

  it('are the same bytes each time', async () => {
    const read = () => Promise.all(renderAll(input, dir).map((file) => readFile(file, 'utf8')));
    expect(await read()).toEqual(await read());
  });

  it('are refused when somebody breaks a rule or a route', async () => {
    const [rules = '', , alertmanager = ''] = renderAll(input, dir);
    await writeFile(rules, (await readFile(rules, 'utf8')).replace('mes_up == 0', 'mes_up === 0'));
    await writeFile(
      alertmanager,
      (await readFile(alertmanager, 'utf8')).replace('receiver: drill', 'receiver: dril'),
    );
    expect(await outcome()).toEqual({
      'andon.rules.yml': false,
      'prometheus.yml': false,
      'alertmanager.yml': false,
    });
  });

  it('tell every receiver of every alert and of its end, with its token', async () => {
    const [, , alertmanager = ''] = renderAll(input, dir);
    const { route, receivers } = parse(await readFile(alertmanager, 'utf8'));
    expect(route.group_by).toEqual(['alertname', 'tier', 'target']);
    expect(route.routes).toEqual([
      { receiver: 'runbooks', continue: true },
      { receiver: 'drill', continue: true },
    ]);
    expect(receivers[1].webhook_configs).toEqual([
      {
        url: 'http://127.0.0.1:9465/alertmanager',
        send_resolved: true,
        http_config: { authorization: { type: 'Bearer', credentials_file: '/run/secrets/runbooks' } },
      },
    ]);
    expect(receivers[2].webhook_configs[0].send_resolved).toBe(true);
  });
});

describe('the files of the default configuration', () => {
  const golden = new URL('golden/', import.meta.url);

  // After a change that is meant: `npx vitest run alerts -u`, and read the difference.
  it.each(['andon.rules.yml', 'prometheus.yml', 'alertmanager.yml', 'andon.prometheusrule.yml'])(
    '%s is what was committed',
    async (name) => {
      const dir = await mkdtemp(path.join(tmpdir(), 'andon-golden-'));
      renderAll(input, dir);
      await expect(await readFile(path.join(dir, name), 'utf8')).toMatchFileSnapshot(
        new URL(name, golden).pathname,
      );
      await rm(dir, { recursive: true });
    },
  );
});

describe('the section', () => {
  it('refuses times that Prometheus or the rules cannot work with, all at once', () => {
    const { error } = alertsSection.safeParse({
      scrape_interval: '15s',
      scrape_timeout: '20s',
      evaluation_interval: '0s',
    });
    expect(error?.issues.map(({ path: [key] }) => key)).toEqual([
      'scrape_timeout',
      'scrape_interval',
      'evaluation_interval',
    ]);
  });
});
