import { beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../kit/wait.ts';
import { renderAlertmanagerConfig } from './alertmanager-config.ts';
import { alertsSection } from './config.ts';
import { inhibitions, sameThing } from './inhibitions.ts';
import { allCases } from './rules/cases.ts';
import { everyRuleOf } from './rules/catalogue.ts';
import { startTestAlertmanager } from './testing/alertmanager.ts';

type Labels = Record<string, string>;
const configOf = (url: string) =>
  renderAlertmanagerConfig({
    // Long enough for an Alertmanager without a processor to know all of them before it tells of the first.
    timing: alertsSection.parse({ group_wait: '500ms' }),
    receivers: [{ name: 'test', url }],
  });

/** What is delivered of these alerts when they all fire at once, by their label `as`. */
async function deliveredOf(alerts: Record<string, Labels>, edit = (yaml: string) => yaml): Promise<string[]> {
  await using alertmanager = await startTestAlertmanager((url) => edit(configOf(url)));
  const arrived = (name: string) => alertmanager.delivered.some(({ as }) => as === name);
  await alertmanager.fire(...Object.entries(alerts).map(([as, labels]) => ({ as, ...labels })));
  // Each group waits just as long: what was sent later and has come says that nothing of the first is still on its way.
  for (const last of ['first', 'second']) {
    await alertmanager.fire({ as: last, alertname: `Last-${last}`, tier: 'A', instance: 'the last' });
    await waitFor(() => arrived(last), { what: last, timeoutMs: 20_000 });
  }
  return Object.keys(alerts).filter(arrived);
}

const exporter = { job: 'andon-exporter', instance: 'x:9464' };
const host = (target: string, tier: string, resource: string) => ({
  alertname: 'MesHostResourceHigh',
  tier,
  target,
  instance: target,
  resource,
  ...(resource === 'disk' ? { mountpoint: '/' } : {}),
});
const sync = (tier: string, entity: string) => ({
  alertname: 'MesSyncLate',
  tier,
  ...exporter,
  target: 'mes',
  source: 'mes',
  destination: 'erp',
  entity,
});
const device = { alertname: 'MesDevicesSilent', target: 'mes', line: 'L1' };
const queue = (alertname: string, name: string) => ({
  alertname,
  tier: 'A',
  ...exporter,
  target: 'mes-queue',
  vhost: '/',
  queue: name,
});

describe('Alertmanager', { timeout: 60_000 }, () => {
  let delivered: string[] = [];
  beforeAll(async () => {
    delivered = await deliveredOf({
      'disk A': host('h1', 'A', 'disk'),
      'disk B': host('h1', 'B', 'disk'),
      'disk C': host('h1', 'C', 'disk'),
      'cpu B beside': host('h1', 'B', 'cpu'),
      'cpu C below': host('h1', 'C', 'cpu'),
      'disk B elsewhere': host('h2', 'B', 'disk'),
      'orders A': sync('A', 'orders'),
      'orders C': sync('C', 'orders'),
      'stock C': sync('C', 'stock'),
      'line A': { ...device, tier: 'A' },
      'device B of it': { ...device, tier: 'B', device: 'L1-U1', ...exporter },
      'device B of another line': { ...device, tier: 'B', line: 'L2', device: 'L2-U1', ...exporter },
      'no consumer': queue('MesQueueStuck', 'erp'),
      'not draining': queue('MesQueueNotDraining', 'erp'),
      'another not draining': queue('MesQueueNotDraining', 'wms'),
    });
  }, 60_000);

  it('silences the B and the C of an A, and the C of a B, where they speak of the same thing.', () => {
    for (const name of ['disk B', 'disk C', 'cpu C below', 'orders C', 'device B of it'])
      expect(delivered, name).not.toContain(name);
  });

  it('silences nothing of another resource, computer, entity or line.', () => {
    expect(delivered).toEqual(
      expect.arrayContaining([
        'disk A',
        'cpu B beside',
        'disk B elsewhere',
        'orders A',
        'stock C',
        'line A',
        'device B of another line',
      ]),
    );
  });

  it('silences what a louder alert on the same queue says better.', () => {
    expect(delivered).toContain('no consumer');
    expect(delivered).not.toContain('not draining');
    expect(delivered).toContain('another not draining');
  });
});

describe('An exporter that is down', { timeout: 60_000 }, () => {
  const down = { alertname: 'MesExporterDown', tier: 'A', job: 'andon-exporter' };
  const others = {
    'of the other exporter': {
      alertname: 'MesDown',
      tier: 'A',
      job: 'andon-exporter',
      instance: 'y:9464',
      target: 'mes2',
    },
    'summed over exporters': { alertname: 'MesOperationsFailing', tier: 'A', target: 'mes2' },
    'of a computer of that name': { ...host('x:9464', 'A', 'memory') },
    watchdog: { alertname: 'Watchdog', tier: 'C' },
  };

  it('silences what comes from its own series, and nothing else.', async () => {
    const all = {
      down: { ...down, instance: 'x:9464' },
      'its own': { alertname: 'MesDown', tier: 'A', ...exporter, target: 'mes' },
      ...others,
    };
    expect(await deliveredOf(all)).toEqual(['down', ...Object.keys(others)]);
  });

  it('silences nothing where Prometheus knows no exporter at all: that alert has no instance.', async () => {
    expect(await deliveredOf({ down, ...others })).toEqual(['down', ...Object.keys(others)]);
  });

  it('would silence what has no instance either, were that not ruled out.', async () => {
    const careless = (yaml: string) => yaml.replace(/\s+- instance=~"\.\+"/, '').replace(/- job\n/, '');
    const delivered = await deliveredOf({ down, ...others }, careless);
    expect(delivered).not.toContain('summed over exporters');
    expect(delivered).not.toContain('watchdog');
  });
});

describe('The rules', () => {
  const rules = everyRuleOf(alertsSection.parse({}));
  const tiersOf = (name: string) => rules.filter((rule) => rule.name === name);

  it('compare all that names the thing of an alert with several tiers.', () => {
    for (const { alert, labels } of allCases.filter((one) => tiersOf(one.alert).length > 1))
      for (const label of Object.keys(labels))
        expect([...sameThing, 'job', 'instance', 'device'], `${alert}: ${label}`).toContain(label);
  });

  it('know what silences no later than what it silences.', () => {
    const waits = (name: string) => tiersOf(name).map(({ forMs, onset }) => forMs + (onset?.ms ?? 0));
    const namesIn = (matchers: readonly string[]) =>
      /^alertname=~?"(.*)"$/.exec(matchers[0] ?? '')?.[1]?.split('|') ?? [];
    for (const { source, target } of inhibitions)
      for (const quieter of namesIn(target))
        for (const louder of namesIn(source))
          expect(Math.min(...waits(louder)), `${louder} before ${quieter}`).toBeLessThanOrEqual(
            Math.min(...waits(quieter)),
          );
  });
});
