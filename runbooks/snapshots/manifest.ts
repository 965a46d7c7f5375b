import { z } from 'zod';
import { hashText } from './hash-file.ts';

const owner = { mode: z.int().min(0).max(0o7777), uid: z.int().min(0), gid: z.int().min(0) };
const path = z.string().refine(isSafePath, { message: 'is no path inside the folder' });
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const entry = z.discriminatedUnion('kind', [
  z.strictObject({ path, kind: z.literal('folder'), ...owner }),
  z.strictObject({ path, kind: z.literal('file'), ...owner, sha256, size: z.int().min(0) }),
  /** Kept as a link, never followed. */
  z.strictObject({ path, kind: z.literal('link'), to: z.string().min(1) }),
]);

/** `20260131T081500123Z-0123456789ab`: when it was taken, and the beginning of its digest. */
export const snapshotId = z.string().regex(/^\d{8}T\d{9}Z-[0-9a-f]{12}$/, 'is no id of a snapshot');

/** What a folder held at one moment; the contents lie beside it as objects named by their SHA-256. */
export const manifestSchema = z
  .strictObject({
    schema: z.literal('andon.snapshot/v1'),
    id: snapshotId,
    set: z.string(),
    createdAt: z.iso.datetime(),
    /** `before-rollback`: taken by a rollback, so that it can itself be rolled back. */
    origin: z.enum(['create', 'before-rollback']),
    note: z.string(),
    /** The folder itself. */
    root: z.strictObject(owner),
    entries: z.array(entry),
    /** What the commands of the set printed. */
    settings: z.array(z.strictObject({ name: z.string(), sha256, size: z.int().min(0) })).optional(),
    /** The migrations that the database of the set had. */
    migrations: z.strictObject({ target: z.string(), applied: z.array(z.string()) }).optional(),
    /** SHA-256 over all that was kept. */
    digest: sha256,
  })
  .superRefine(({ id, digest, ...content }, context) => {
    for (const message of misplaced(content.entries))
      context.addIssue({ code: 'custom', path: ['entries'], message });
    if (digestOf(content) !== digest || !id.endsWith(digest.slice(0, 12)))
      context.addIssue({ code: 'custom', path: ['digest'], message: 'does not fit the entries' });
  });

export type Manifest = z.output<typeof manifestSchema>;
export type Entry = z.output<typeof entry>;
/** A folder's whole content, without when and why. */
export type Content = Pick<Manifest, 'root' | 'entries'>;
/** What belongs to a folder and does not lie in it. */
export type Surroundings = Pick<Manifest, 'settings' | 'migrations'>;

/** Relative, and each part an ordinary name: such a path cannot leave the folder it is joined to. */
export function isSafePath(text: string): boolean {
  return text
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..' && !/[\0\\]/.test(part));
}

/** Entries whose parent is no folder of the manifest (it might be a link that leads out), and doubles. */
function misplaced(entries: readonly Entry[]): string[] {
  const folders = new Set<string>();
  const seen = new Set<string>();
  return entries.flatMap((entry) => {
    const slash = entry.path.lastIndexOf('/');
    const orphan = slash >= 0 && !folders.has(entry.path.slice(0, slash));
    const double = seen.has(entry.path);
    seen.add(entry.path);
    if (entry.kind === 'folder') folders.add(entry.path);
    if (orphan) return [`${entry.path} does not lie in a folder that is listed before it`];
    return double ? [`${entry.path} is listed twice`] : [];
  });
}

/** Of a folder alone, or with what belongs to it. */
export function digestOf({ root, entries, settings, migrations }: Content & Surroundings): string {
  const { mode, uid, gid } = root;
  const more = [
    ...(settings ? [settings.map(({ name, sha256, size }) => [name, sha256, size])] : []),
    ...(migrations ? [[migrations.target, migrations.applied]] : []),
  ];
  return hashText(JSON.stringify([{ mode, uid, gid }, entries.map(canonical), ...more]));
}

/** One order of keys, whoever built the object. */
function canonical(entry: Entry): unknown[] {
  if (entry.kind === 'link') return [entry.path, entry.kind, entry.to];
  const common = [entry.path, entry.kind, entry.mode, entry.uid, entry.gid];
  return entry.kind === 'file' ? [...common, entry.sha256, entry.size] : common;
}

/**
 * The paths at which two contents differ, `.` for the folder itself; empty when they are the same.
 * Owners count only where they can be set, which is for root.
 */
export function differences(a: Content, b: Content, options: { owners: boolean }): string[] {
  const plain = (entry: Entry) => {
    const fields = canonical(entry);
    if (entry.kind !== 'link' && !options.owners) fields.splice(3, 2);
    return JSON.stringify(fields);
  };
  const index = (content: Content) => new Map(content.entries.map((entry) => [entry.path, plain(entry)]));
  const [left, right] = [index(a), index(b)];
  const paths = new Set([...left.keys(), ...right.keys()]);
  const rootDiffers =
    a.root.mode !== b.root.mode ||
    (options.owners && (a.root.uid !== b.root.uid || a.root.gid !== b.root.gid));
  const differing = [...paths].filter((path) => left.get(path) !== right.get(path));
  return rootDiffers ? ['.', ...differing] : differing;
}
