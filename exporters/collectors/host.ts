import { metrics } from '../catalogue.ts';
import { type Collected, type Collector, collectorTimeoutMs, type ScrapeRun } from '../collector.ts';
import type { CollectorKind } from '../exporter-setup.ts';
import { type HostConfig, hostConfig } from '../host/config.ts';
import { FileSystems, type FileSystemsFound } from '../host/file-systems.ts';
import { localMountpoints } from '../host/mounts.ts';
import { type CpuMode, cpuSeconds, type HostReadings, memoryBytes, thisHost } from '../host/readings.ts';
import { type Sample, sample } from '../sample.ts';

/** The computer that the exporter runs on, where andon.yaml says so. */
export const host: CollectorKind = ({ config }) => {
  const wanted = hostConfig(config.host);
  return wanted === undefined ? [] : [new HostCollector(wanted, thisHost)];
};

/** A file system answers from memory; one that has not after so long hangs. */
const fileSystemLimitMs = 1000;
/** The kernel lets `idle` and `iowait` slip back a little (proc(5)); more than this is a processor that was taken away. */
const slipSeconds = 3;

/** CPU, memory, file systems and load of one computer. */
export class HostCollector implements Collector {
  readonly name = 'host';
  readonly target: string;
  readonly timeoutMs = collectorTimeoutMs;
  readonly whenSilent: readonly Sample[] = [];
  readonly #mountpoints: readonly string[];
  readonly #host: HostReadings;
  readonly #fileSystems: FileSystems;
  readonly #cpu = new Map<CpuMode, number>();

  constructor({ name, mountpoints }: HostConfig, host: HostReadings, limitMs = fileSystemLimitMs) {
    this.target = name;
    this.#mountpoints = mountpoints;
    this.#host = host;
    this.#fileSystems = new FileSystems((mountpoint) => host.statfs(mountpoint), limitMs);
  }

  async collect(run: ScrapeRun): Promise<Collected> {
    const samples = [
      ...(await run.step('processors', () => this.#processors())),
      ...(await run.step('memory', () => this.#memory())),
      ...this.#load(),
    ];
    const { found, problems } = await run.step('file systems', () => this.#askFileSystems());
    const { target } = this;
    for (const { mountpoint, size, available, inodes, inodesFree } of found) {
      const labels = { target, mountpoint };
      samples.push(
        sample(metrics.hostFilesystemSize, labels, size),
        sample(metrics.hostFilesystemAvailable, labels, available),
      );
      if (inodes > 0)
        samples.push(
          sample(metrics.hostFilesystemInodes, labels, inodes),
          sample(metrics.hostFilesystemInodesFree, labels, inodesFree),
        );
    }
    return problems.length === 0
      ? { samples }
      : { samples, failure: new Error(`file systems: ${problems.join('; ')}`) };
  }

  async #processors(): Promise<Sample[]> {
    const { target } = this;
    return [...(await cpuSeconds(this.#host))].map(([mode, seconds]) =>
      sample(metrics.hostCpuSeconds, { target, mode }, this.#neverBack(mode, seconds)),
    );
  }

  /** A counter that went back would look as if it had begun anew, and all its time as spent since. */
  #neverBack(mode: CpuMode, seconds: number): number {
    const before = this.#cpu.get(mode) ?? 0;
    const now = seconds < before && before - seconds < slipSeconds ? before : seconds;
    this.#cpu.set(mode, now);
    return now;
  }

  async #memory(): Promise<Sample[]> {
    const { target } = this;
    const { total, available } = await memoryBytes(this.#host);
    return [
      sample(metrics.hostMemoryTotal, { target }, total),
      sample(metrics.hostMemoryAvailable, { target }, available),
    ];
  }

  #load(): Sample[] {
    const { target } = this;
    const [one = 0, five = 0, fifteen = 0] = this.#host.loadavg();
    return [
      sample(metrics.hostLoad1, { target }, one),
      sample(metrics.hostLoad5, { target }, five),
      sample(metrics.hostLoad15, { target }, fifteen),
    ];
  }

  async #askFileSystems(): Promise<FileSystemsFound> {
    const mountinfo = await this.#host.proc('self/mountinfo');
    const local = mountinfo === undefined ? ['/'] : localMountpoints(mountinfo);
    return this.#fileSystems.ask(new Set([...local, ...this.#mountpoints]), this.#mountpoints);
  }

  [Symbol.dispose](): void {
    // It holds nothing.
  }
}
