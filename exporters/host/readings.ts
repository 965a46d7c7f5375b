import type { StatsFs } from 'node:fs';
import { readFile, statfs } from 'node:fs/promises';
import { type CpuInfo, cpus, freemem, loadavg, totalmem } from 'node:os';

/** What a computer tells about itself. */
export interface HostReadings {
  /** A file of /proc; undefined where there is none. */
  proc(file: 'stat' | 'meminfo' | 'self/mountinfo'): Promise<string | undefined>;
  cpus(): CpuInfo[];
  memory(): { total: number; free: number };
  loadavg(): readonly number[];
  statfs(mountpoint: string): Promise<StatsFs>;
}

/** This very computer. */
export const thisHost: HostReadings = {
  proc: (file) => readFile(`/proc/${file}`, 'utf8').catch(() => undefined),
  cpus,
  memory: () => ({ total: totalmem(), free: freemem() }),
  loadavg,
  statfs: (mountpoint) => statfs(mountpoint),
};

/** The modes of /proc/stat in its order, under the names that node_exporter has made customary. */
export const cpuModes = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const;
export type CpuMode = (typeof cpuModes)[number];

/** The kernel counts hundredths of seconds for programs, whatever its own clock (time(7), USER_HZ). */
const ticksPerSecond = 100;

/** Seconds that all processors together have spent in each mode. */
export async function cpuSeconds(host: HostReadings): Promise<Map<CpuMode, number>> {
  const total = /^cpu +(.+)$/m.exec((await host.proc('stat')) ?? '')?.[1];
  if (total !== undefined) {
    const ticks = total.split(' ').map(Number);
    return new Map(cpuModes.map((mode, index) => [mode, (ticks[index] ?? 0) / ticksPerSecond]));
  }
  const sum = (mode: keyof CpuInfo['times']) =>
    host.cpus().reduce((seconds, { times }) => seconds + times[mode] / 1000, 0);
  return new Map([
    ['user', sum('user')],
    ['nice', sum('nice')],
    ['system', sum('sys')],
    ['idle', sum('idle')],
    ['irq', sum('irq')],
  ]);
}

/** Bytes of memory, and what of them a new program could get without swapping. */
export async function memoryBytes(host: HostReadings): Promise<{ total: number; available: number }> {
  const text = (await host.proc('meminfo')) ?? '';
  const bytes = (name: string): number | undefined => {
    const kib = new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  };
  const { total, free } = host.memory();
  return { total: bytes('MemTotal') ?? total, available: bytes('MemAvailable') ?? free };
}
