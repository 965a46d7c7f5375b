import { metrics } from '../exporters/catalogue.ts';
import type { RecordingRule } from './rule.ts';

// A file system that makes inodes as it needs them says that it has none.
const inUse = (free: string, all: string): string =>
  `max by (instance, mountpoint) (1 - ${free} / (${all} > 0))`;

/**
 * How much of the inodes of each file system is in use, 0 to 1: a disk full of small files has space left, and takes no more.
 * From node_exporter where there is one, else from the exporter's own collector `host`.
 */
export const inodeUsage: RecordingRule = {
  record: 'instance:inode_usage:ratio',
  expr: `label_replace((${inUse('node_filesystem_files_free', 'node_filesystem_files')})
or on (instance) (${inUse(metrics.hostFilesystemInodesFree.name, metrics.hostFilesystemInodes.name)}), "resource", "inodes", "", "")`,
};
