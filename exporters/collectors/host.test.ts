import { type StatsFs, statfsSync } from 'node:fs';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { runChecker } from '../../kit/checker.ts';
import { targetsSchema } from '../../kit/targets.ts';
import { parseYaml } from '../../kit/yaml-file.ts';
import { exporterSection } from '../config.ts';
import { hostProblems } from '../host/config.ts';
import type { HostReadings } from '../host/readings.ts';
import { collectOnce, TestCollectors, type TestConfig } from '../testing/collect.ts';
import { HostCollector, host } from './host.ts';

const mountinfo = `22 27 0:21 / /proc rw - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 25 0:27 / /dev/shm rw - tmpfs tmpfs rw
50 27 254:1 / /srv/plant\\040data rw - xfs /dev/vdb rw
51 27 254:1 / /also rw - xfs /dev/vdb rw
52 27 254:0 /var/lib/x /mnt/bind rw - ext4 /dev/vda rw
53 27 7:0 / /snap/core ro - squashfs /dev/loop0 ro
54 27 0:60 / /mnt/erp rw - nfs4 erp:/export rw
garbage
`;
const stats: StatsFs = {
  type: 0,
  bsize: 4096,
  frsize: 1024,
  blocks: 100,
  bfree: 50,
  bavail: 40,
  files: 10,
  ffree: 7,
};

/** A computer whose file systems answer as `statfs` says. */
const fakeHost = (changes: Partial<HostReadings> = {}): HostReadings => ({
  proc: async (file) =>
    ({
      stat: 'cpu  100 2 300 40000 500 6 7 8 9 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n',
      meminfo: 'MemTotal:        1000 kB\nMemFree:          10 kB\nMemAvailable:     600 kB\n',
      'self/mountinfo': mountinfo,
    })[file],
  cpus: () => [],
  memory: () => ({ total: 7, free: 3 }),
  loadavg: () => [0.5, 1, 2],
  statfs: async () => stats,
  ...changes,
});
const collectorOf = (changes: Partial<HostReadings> = {}, mountpoints: string[] = [], limitMs?: number) =>
  new HostCollector({ name: 'plant1', mountpoints }, fakeHost(changes), limitMs);
const mountpointsIn = (found: Map<string, number>) =>
  [...found.keys()].flatMap((key) => /filesystem_size_bytes.*mountpoint="(.+)"/.exec(key)?.[1] ?? []);

describe('the collector host', () => {
  it('measures this computer, in a form that promtool accepts', async () => {
    using made = new TestCollectors(host, { targets: {}, exporter: { host: true } });
    const { found, text, failure } = await collectOnce(made.get());
    expect(failure).toBeUndefined();
    const of = (name: string, more = '') => found.get(`mes_host_${name}{target="${hostname()}"${more}}`) ?? 0;
    expect(of('cpu_seconds_total', ',mode="idle"')).toBeGreaterThan(0);
    expect(of('memory_total_bytes')).toBeGreaterThan(of('memory_available_bytes'));
    expect(of('memory_available_bytes')).toBeGreaterThan(0);
    expect(found.has(`mes_host_load1{target="${hostname()}"}`)).toBe(true);
    const { bsize, blocks } = statfsSync('/');
    expect(of('filesystem_size_bytes', ',mountpoint="/"')).toBe(bsize * blocks);
    expect(await runChecker('promtool', ['check', 'metrics'], text)).toMatchObject({ ok: true, output: '' });
  });

  it('is not there unless it is asked for', () => {
    const config: TestConfig = { targets: {} };
    expect(new TestCollectors(host, config).all).toEqual([]);
    expect(new TestCollectors(host, { ...config, exporter: { host: false } }).all).toEqual([]);
  });

  it('reads seconds, bytes, inodes and load', async () => {
    const { found } = await collectOnce(collectorOf());
    expect(Object.fromEntries(found)).toMatchObject({
      'mes_host_cpu_seconds_total{target="plant1",mode="user"}': 1,
      'mes_host_cpu_seconds_total{target="plant1",mode="idle"}': 400,
      'mes_host_cpu_seconds_total{target="plant1",mode="iowait"}': 5,
      'mes_host_cpu_seconds_total{target="plant1",mode="steal"}': 0.08,
      'mes_host_memory_total_bytes{target="plant1"}': 1_024_000,
      'mes_host_memory_available_bytes{target="plant1"}': 614_400,
      'mes_host_filesystem_size_bytes{target="plant1",mountpoint="/"}': 102_400,
      'mes_host_filesystem_available_bytes{target="plant1",mountpoint="/"}': 40_960,
      'mes_host_filesystem_inodes{target="plant1",mountpoint="/"}': 10,
      'mes_host_filesystem_inodes_free{target="plant1",mountpoint="/"}': 7,
      'mes_host_load15{target="plant1"}': 2,
    });
  });

  it('takes each local disk once: no memory, network, image or bind mount, but what is configured', async () => {
    expect(mountpointsIn((await collectOnce(collectorOf())).found)).toEqual(['/', '/also']);
    const { found } = await collectOnce(collectorOf({}, ['/mnt/erp', '/']));
    expect(mountpointsIn(found)).toEqual(['/', '/also', '/mnt/erp']);
  });

  it('asks the system where there is no /proc, and leaves out inodes where there is no number of them', async () => {
    const times = { user: 4000, nice: 0, sys: 1000, idle: 9000, irq: 0 };
    const { found } = await collectOnce(
      collectorOf({
        proc: async () => undefined,
        cpus: () => [1, 2].map(() => ({ model: '', speed: 0, times })),
        statfs: async () => ({ ...stats, files: 0 }),
      }),
    );
    expect(found.get('mes_host_cpu_seconds_total{target="plant1",mode="system"}')).toBe(2);
    expect(found.get('mes_host_memory_available_bytes{target="plant1"}')).toBe(3);
    expect(mountpointsIn(found)).toEqual(['/']);
    expect([...found.keys()].some((key) => key.includes('inodes'))).toBe(false);
  });

  it('never lets idle time slip back, but follows when a processor is taken away', async () => {
    let idle = 40_000;
    const collector = collectorOf({ proc: async () => `cpu  0 0 0 ${idle} 0 0 0 0 0 0\n` });
    const read = async () =>
      (await collectOnce(collector)).found.get('mes_host_cpu_seconds_total{target="plant1",mode="idle"}');
    expect(await read()).toBe(400);
    idle = 39_999;
    expect(await read()).toBe(400);
    idle = 20_000;
    expect(await read()).toBe(200);
  });

  it('does not hang with a file system that does: it names it, keeps the rest, and asks it again when it has answered', async () => {
    const asked: string[] = [];
    let gone = Promise.withResolvers<StatsFs>();
    const collector = collectorOf(
      {
        statfs: (mountpoint) => {
          asked.push(mountpoint);
          return mountpoint === '/mnt/erp' ? gone.promise : Promise.resolve(stats);
        },
      },
      ['/mnt/erp'],
      50,
    );
    const first = await collectOnce(collector);
    expect(first.failure).toBe('file systems: /mnt/erp does not answer');
    expect(mountpointsIn(first.found)).toEqual(['/', '/also']);
    expect((await collectOnce(collector)).failure).toBe('file systems: /mnt/erp still does not answer');
    expect(asked.filter((mountpoint) => mountpoint === '/mnt/erp')).toHaveLength(1);
    gone.resolve(stats);
    gone = Promise.withResolvers();
    gone.resolve(stats);
    const last = await collectOnce(collector);
    expect(last.failure).toBeUndefined();
    expect(mountpointsIn(last.found)).toContain('/mnt/erp');
  });

  it('leaves at most two questions unanswered, whatever else hangs', async () => {
    let asked = 0;
    const collector = collectorOf(
      {
        statfs: () => {
          asked += 1;
          return new Promise<StatsFs>(() => {});
        },
      },
      ['/a', '/b', '/c'],
      20,
    );
    const { failure, found } = await collectOnce(collector);
    await collectOnce(collector);
    expect(asked).toBe(2);
    expect(failure).toContain('/c was not asked');
    expect(found.has('mes_host_load1{target="plant1"}')).toBe(true);
  });

  it('complains of a configured file system that is not there, and of no other', async () => {
    const statfs = async (mountpoint: string) => {
      if (mountpoint !== '/') throw new Error('ENOENT');
      return stats;
    };
    expect((await collectOnce(collectorOf({ statfs }))).failure).toBeUndefined();
    expect((await collectOnce(collectorOf({ statfs }, ['/mnt/erp']))).failure).toContain('/mnt/erp: ENOENT');
  });
});

describe('exporter.host', () => {
  const messages = (text: string) => {
    try {
      parseYaml('andon.yaml', text, exporterSection);
      return '';
    } catch (error) {
      return String(error);
    }
  };

  it('is true, false or a section, and its mistakes are named', () => {
    expect(messages('host: true')).toBe('');
    expect(messages('host: {name: plant1, mountpoints: [/srv]}')).toBe('');
    expect(messages('host: yes, please')).toContain('must be true, false, or {name, mountpoints}');
    expect(messages('host: {nam: x}')).toContain('unknown key "nam"');
    expect(messages('host: {mountpoints: [srv]}')).toContain('must be an absolute path');
  });

  it('may not be called like a target', () => {
    const targets = targetsSchema.parse({ plant1: { kind: 'postgres', url: 'postgres://h/mes' } });
    expect(hostProblems({ name: 'plant1', mountpoints: [] }, targets)).toMatchObject([
      { path: ['exporter', 'host'], message: expect.stringContaining('give it another name') },
    ]);
    expect(hostProblems({ name: 'plant2', mountpoints: [] }, targets)).toEqual([]);
    expect(hostProblems(true, { ...targets, [hostname()]: targets.plant1 } as typeof targets)).toHaveLength(
      1,
    );
    expect(hostProblems(false, targets)).toEqual([]);
  });
});
