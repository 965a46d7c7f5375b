import { lstatSync, type Stats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { UnavailableError, UsageError } from '../../kit/errors.ts';
import { workOnFiles } from './file-work.ts';
import { type Content, type Entry, isSafePath } from './manifest.ts';

interface Node {
  path: string;
  stats: Stats;
}

/**
 * Reads what a folder holds. Throws when it changed meanwhile: a copy is of one state or there is none. `known` are the SHA-256 of its
 * files, for whoever has just written them.
 */
export async function describeFolder(
  folder: string,
  signal?: AbortSignal,
  known?: ReadonlyMap<string, string>,
): Promise<Content> {
  const before = await walk(folder);
  const hashes = known ?? (await hashAll(folder, before.nodes, signal));
  const links = new Map<string, string>();
  for (const { path: name, stats } of before.nodes)
    if (stats.isSymbolicLink()) links.set(name, await readlink(path.join(folder, name)));
  const after = await walk(folder);
  if (stamp(before.nodes) !== stamp(after.nodes)) throw changed(folder);
  return {
    root: owner(before.root),
    entries: before.nodes.map((node) => entryOf(node, hashes, links)),
  };
}

async function hashAll(
  folder: string,
  nodes: readonly Node[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const files = nodes.filter(({ stats }) => stats.isFile());
  const jobs = files.map((node) => ({ source: path.join(folder, node.path) }));
  const found = await workOnFiles(jobs, signal);
  return new Map(
    files.map((node, index) => {
      const sha256 = found[index];
      if (sha256 === undefined) throw changed(folder);
      return [node.path, sha256];
    }),
  );
}

export const changed = (what: string): UnavailableError =>
  new UnavailableError('snapshot.changed', `${what} was changed while it was being read`, {
    mend: 'Wait until nothing writes there, then try again. Nothing was changed.',
  });

async function walk(folder: string): Promise<{ root: Stats; nodes: Node[] }> {
  const nodes: Node[] = [];
  const visit = async (relative: string) => {
    const names = await readdir(path.join(folder, relative));
    const found: Node[] = [];
    for (const name of names) {
      const child = relative === '' ? name : `${relative}/${name}`;
      // A name that is no UTF-8 reads as U+FFFD and could not be found again.
      if (name.includes('\uFFFD') || !isSafePath(child))
        throw unsuitable(folder, child, 'has an unusable name');
      // Ten thousand questions one after the other: asked without a promise each, they take a tenth of the time.
      const stats = lstatSync(path.join(folder, child));
      if (!stats.isFile() && !stats.isDirectory() && !stats.isSymbolicLink())
        throw unsuitable(folder, child, 'is neither file, folder nor link');
      found.push({ path: child, stats });
      if (found.length % 200 === 0) await setImmediate();
    }
    nodes.push(...found);
    for (const { path: child, stats } of found) if (stats.isDirectory()) await visit(child);
  };
  const root = await lstat(folder);
  await visit('');
  return { root, nodes: nodes.toSorted((a, b) => (a.path < b.path ? -1 : 1)) };
}

const unsuitable = (folder: string, name: string, why: string): UsageError =>
  new UsageError('snapshot.unsuitable', `${path.join(folder, name)} ${why}, so the folder cannot be copied`, {
    mend: 'Move it out of the folder.',
  });

/** Changes whenever anything in the folder does. */
const stamp = (nodes: readonly Node[]): string =>
  nodes
    .map(({ path: name, stats }) =>
      [name, stats.ino, stats.mode, stats.size, stats.mtimeMs, stats.ctimeMs].join(),
    )
    .join('\n');

const owner = ({ mode, uid, gid }: Stats) => ({ mode: mode & 0o7777, uid, gid });

function entryOf(
  { path: name, stats }: Node,
  hashes: ReadonlyMap<string, string>,
  links: ReadonlyMap<string, string>,
): Entry {
  if (stats.isSymbolicLink()) return { path: name, kind: 'link', to: links.get(name) ?? '' };
  if (stats.isDirectory()) return { path: name, kind: 'folder', ...owner(stats) };
  return { path: name, kind: 'file', ...owner(stats), sha256: hashes.get(name) ?? '', size: stats.size };
}
