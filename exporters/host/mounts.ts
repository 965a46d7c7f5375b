/** A line of /proc/self/mountinfo (proc(5)). */
interface Mount {
  /** major:minor of what is mounted. */
  device: string;
  /** What of it is mounted: `/` unless it is a bind mount. */
  root: string;
  mountpoint: string;
  type: string;
  source: string;
}

/** More than any plant server has; a computer with more mounts than that is a host of containers. */
const mostMounts = 50;

/** Images: full from their first day on, and nobody can fill them further. */
const images = ['squashfs', 'iso9660', 'udf', 'erofs', 'cramfs', 'romfs'];
/** Their source is the name of a pool or a volume, not always a file in /dev. */
const pooled = ['zfs', 'btrfs', 'bcachefs'];

/**
 * Where the local file systems that can fill up are mounted, each device once: no memory file systems, no network, no images,
 * no bind mounts. The root is always one, whatever it is made of: in a container it is what the container's host has left.
 */
export function localMountpoints(mountinfo: string): string[] {
  const byPlace = new Map<string, Mount>();
  for (const line of mountinfo.split('\n')) {
    const mount = parseMount(line);
    // A later mount at the same place hides the earlier one.
    if (mount !== undefined) byPlace.set(mount.mountpoint, mount);
  }
  const byDevice = new Map<string, Mount>();
  const shortestFirst = [...byPlace.values()].toSorted((a, b) => a.mountpoint.length - b.mountpoint.length);
  for (const mount of shortestFirst)
    if (canFillUp(mount) && !byDevice.has(mount.device)) byDevice.set(mount.device, mount);
  return [...byDevice.values()].slice(0, mostMounts).map(({ mountpoint }) => mountpoint);
}

function canFillUp({ root, mountpoint, type, source }: Mount): boolean {
  if (mountpoint === '/') return true;
  if (images.includes(type)) return false;
  // A subvolume of btrfs is mounted by its own root; elsewhere another root than `/` is a bind mount.
  return pooled.includes(type) || (source.startsWith('/dev/') && root === '/');
}

function parseMount(line: string): Mount | undefined {
  const [before, after] = line.split(' - ');
  const [, , device, root, mountpoint] = (before ?? '').split(' ');
  const [type, source] = (after ?? '').split(' ');
  if (device === undefined || root === undefined || mountpoint === undefined) return undefined;
  if (type === undefined || source === undefined) return undefined;
  return { device, root: unescaped(root), mountpoint: unescaped(mountpoint), type, source };
}

/** The kernel writes space, tab, line feed and backslash as octal numbers. */
const unescaped = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
