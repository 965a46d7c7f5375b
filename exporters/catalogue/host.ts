import { counter, gauge } from '../metric.ts';

/** The host on which the exporter runs, where no node_exporter does. */
export const hostMetrics = {
  hostCpuSeconds: counter(
    'mes_host_cpu_seconds_total',
    ['target', 'mode'],
    'Time the processors of the host have spent in each mode, summed over all of them.',
  ),
  hostMemoryTotal: gauge('mes_host_memory_total_bytes', ['target'], 'Memory of the host.'),
  hostMemoryAvailable: gauge(
    'mes_host_memory_available_bytes',
    ['target'],
    'Memory that a new program could get without swapping.',
  ),
  hostFilesystemSize: gauge(
    'mes_host_filesystem_size_bytes',
    ['target', 'mountpoint'],
    'Size of the file system.',
  ),
  hostFilesystemAvailable: gauge(
    'mes_host_filesystem_available_bytes',
    ['target', 'mountpoint'],
    'Space of the file system that programs can still fill.',
  ),
  hostFilesystemInodes: gauge(
    'mes_host_filesystem_inodes',
    ['target', 'mountpoint'],
    'Inodes of the file system.',
  ),
  hostFilesystemInodesFree: gauge(
    'mes_host_filesystem_inodes_free',
    ['target', 'mountpoint'],
    'Inodes of the file system that are still free.',
  ),
  hostLoad1: gauge('mes_host_load1', ['target'], 'Load average of the host over one minute.'),
  hostLoad5: gauge('mes_host_load5', ['target'], 'Load average of the host over five minutes.'),
  hostLoad15: gauge('mes_host_load15', ['target'], 'Load average of the host over fifteen minutes.'),
};
