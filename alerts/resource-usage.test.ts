import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { runChecker } from '../kit/checker.ts';
import { alertsSection } from './config.ts';
import { renderRules } from './prometheus-rules.ts';
import { resourceUsage } from './resource-usage.ts';

type SeriesOf = Record<string, string>;

/** promtool's opinion on whether exactly these series are recorded after four minutes. */
async function records(series: SeriesOf, expected: Record<string, number>) {
  const dir = await mkdtemp(path.join(tmpdir(), 'andon-resources-'));
  try {
    await writeFile(path.join(dir, 'rules.yml'), renderRules([], alertsSection.parse({})));
    const test = {
      interval: '15s',
      input_series: Object.entries(series).map(([selector, values]) => ({ series: selector, values })),
      promql_expr_test: [
        {
          expr: `round(${resourceUsage.record}, 0.001)`,
          eval_time: '4m',
          exp_samples: Object.entries(expected).map(([labels, value]) => ({ labels: `{${labels}}`, value })),
        },
      ],
    };
    const file = path.join(dir, 'test.yml');
    await writeFile(
      file,
      stringify({ rule_files: ['rules.yml'], evaluation_interval: '15s', tests: [test] }),
    );
    return await runChecker('promtool', ['test', 'rules', file]);
  } finally {
    await rm(dir, { recursive: true });
  }
}

async function expectRecords(series: SeriesOf, expected: Record<string, number>): Promise<void> {
  const { ok, output } = await records(series, expected);
  expect(ok, output).toBe(true);
}

/** Two processors: in each 15 s one works throughout, the other for 6 s, waits 3 s for a disk and rests for 6 s. */
const nodeOf = (instance: string): SeriesOf => {
  const of = (name: string, labels = '') => `${name}{job="node",instance="${instance}"${labels}}`;
  const disk = (mountpoint: string, fstype: string) =>
    `,device="/dev/x",mountpoint="${mountpoint}",fstype="${fstype}"`;
  return {
    [of('node_cpu_seconds_total', ',cpu="0",mode="user"')]: '0+15x20',
    [of('node_cpu_seconds_total', ',cpu="0",mode="idle"')]: '0+0x20',
    [of('node_cpu_seconds_total', ',cpu="1",mode="system"')]: '0+6x20',
    [of('node_cpu_seconds_total', ',cpu="1",mode="iowait"')]: '0+3x20',
    [of('node_cpu_seconds_total', ',cpu="1",mode="idle"')]: '0+6x20',
    [of('node_memory_MemAvailable_bytes')]: '250x20',
    [of('node_memory_MemTotal_bytes')]: '1000x20',
    [of('node_filesystem_avail_bytes', disk('/', 'ext4'))]: '100x20',
    [of('node_filesystem_size_bytes', disk('/', 'ext4'))]: '1000x20',
    [of('node_filesystem_avail_bytes', disk('/srv', 'xfs'))]: '600x20',
    [of('node_filesystem_size_bytes', disk('/srv', 'xfs'))]: '1000x20',
    [of('node_filesystem_avail_bytes', disk('/run', 'tmpfs'))]: '0x20',
    [of('node_filesystem_size_bytes', disk('/run', 'tmpfs'))]: '1000x20',
    [of('node_filesystem_avail_bytes', disk('/snap/core', 'squashfs'))]: '0x20',
    [of('node_filesystem_size_bytes', disk('/snap/core', 'squashfs'))]: '1000x20',
    [of('node_filesystem_avail_bytes', disk('/proc/empty', 'ext4'))]: '0x20',
    [of('node_filesystem_size_bytes', disk('/proc/empty', 'ext4'))]: '0x20',
  };
};
const recordedOf = (instance: string) => {
  const of = (more: string) => `instance="${instance}",${more}`;
  return {
    [of('resource="cpu"')]: 0.7,
    [of('resource="memory"')]: 0.75,
    [of('resource="disk",mountpoint="/"')]: 0.9,
    [of('resource="disk",mountpoint="/srv"')]: 0.4,
  };
};

const hostOf = (instance: string): SeriesOf => {
  const of = (name: string, labels = '') =>
    `${name}{job="andon-exporter",instance="${instance}",target="plant1"${labels}}`;
  return {
    [of('mes_host_cpu_seconds_total', ',mode="user"')]: '0+3x20',
    [of('mes_host_cpu_seconds_total', ',mode="iowait"')]: '0+1x20',
    [of('mes_host_cpu_seconds_total', ',mode="idle"')]: '0+11x20',
    [of('mes_host_memory_available_bytes')]: '400x20',
    [of('mes_host_memory_total_bytes')]: '1000x20',
    [of('mes_host_filesystem_available_bytes', ',mountpoint="/"')]: '20x20',
    [of('mes_host_filesystem_size_bytes', ',mountpoint="/"')]: '1000x20',
  };
};
const recordedOfHost = (instance: string) => ({
  [`instance="${instance}",resource="cpu"`]: 0.2,
  [`instance="${instance}",resource="memory"`]: 0.6,
  [`instance="${instance}",resource="disk",mountpoint="/"`]: 0.98,
});

describe('the recorded use of resources', { timeout: 30_000 }, () => {
  it('comes from node_exporter, without memory file systems, images and empty ones', () =>
    expectRecords(nodeOf('plant1:9100'), recordedOf('plant1:9100')));

  it('comes from the collector host', () =>
    expectRecords(hostOf('plant1:9464'), recordedOfHost('plant1:9464')));

  it('comes from both where they know different computers', () =>
    expectRecords(
      { ...nodeOf('plant1:9100'), ...hostOf('plant2:9464') },
      { ...recordedOf('plant1:9100'), ...recordedOfHost('plant2:9464') },
    ));

  it('comes from node_exporter alone where both know one computer', () =>
    expectRecords({ ...nodeOf('plant1'), ...hostOf('plant1') }, recordedOf('plant1')));

  it('comes from both where each knows a part of one computer', () => {
    const cpuOnly = Object.entries(nodeOf('plant1')).filter(([name]) => name.startsWith('node_cpu'));
    return expectRecords(
      { ...Object.fromEntries(cpuOnly), ...hostOf('plant1') },
      { ...recordedOfHost('plant1'), 'instance="plant1",resource="cpu"': 0.7 },
    );
  });

  it('is nothing without either', () => expectRecords({ 'up{job="node"}': '1x20' }, {}));

  it('is refused by its test when a value is another', async () => {
    const { ok } = await records(hostOf('plant1'), {
      ...recordedOfHost('plant1'),
      'instance="plant1",resource="cpu"': 0.3,
    });
    expect(ok).toBe(false);
  });
});
