import { metrics } from '../exporters/catalogue.ts';
import type { RecordingRule } from './rule.ts';

// Two scrapes of a node_exporter that is asked every 30 s fit in, and twelve of ours.
const window = '1m';

/** A processor that waits for a disk has nothing else to do: it is not in use. */
const cpuInUse = (seconds: string): string =>
  `1 - sum by (instance) (rate(${seconds}{mode=~"idle|iowait"}[${window}])) / sum by (instance) (rate(${seconds}[${window}]))`;

const memoryInUse = (available: string, total: string): string =>
  `max by (instance) (1 - ${available} / ${total})`;

/** Memory file systems and images say nothing about disks, and those of containers and servers elsewhere are counted elsewhere. */
const noDisk =
  'fstype!~"tmpfs|ramfs|devtmpfs|rootfs|overlay|squashfs|iso9660|udf|erofs|cramfs|autofs|nfs.*|cifs|smb.*|fuse([.].*)?"';

const diskInUse = (available: string, size: string, which = ''): string =>
  `max by (instance, mountpoint) (1 - ${available}${which} / (${size} > 0))`;

/** Of an instance that both know, node_exporter is believed: two series of one name and labels would fail the whole rule. */
const resource = (name: string, node: string, own: string): string =>
  `label_replace((${node}) or on (instance) (${own}), "resource", "${name}", "", "")`;

/**
 * How much of its processors, its memory and each of its disks a computer has in use, 0 to 1: from node_exporter where there is
 * one, else from the exporter's own collector `host`. What is a disk carries `mountpoint` too.
 */
export const resourceUsage: RecordingRule = {
  record: 'instance:resource_usage:ratio',
  expr: [
    resource('cpu', cpuInUse('node_cpu_seconds_total'), cpuInUse(metrics.hostCpuSeconds.name)),
    resource(
      'memory',
      memoryInUse('node_memory_MemAvailable_bytes', 'node_memory_MemTotal_bytes'),
      memoryInUse(metrics.hostMemoryAvailable.name, metrics.hostMemoryTotal.name),
    ),
    resource(
      'disk',
      diskInUse('node_filesystem_avail_bytes', 'node_filesystem_size_bytes', `{${noDisk}}`),
      diskInUse(metrics.hostFilesystemAvailable.name, metrics.hostFilesystemSize.name),
    ),
  ].join('\nor\n'),
};
