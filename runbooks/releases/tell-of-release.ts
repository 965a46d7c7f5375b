import { z } from 'zod';
import type { RunStore } from '../store/store.ts';

/** What people are told of a release, as it stands among the messages. */
export const releaseNotice = z.strictObject({
  release: z.number(),
  target: z.string(),
  version: z.string(),
  title: z.string(),
  text: z.string(),
});
export type ReleaseNotice = z.output<typeof releaseNotice>;

const about = z.object({
  release: z.number(),
  target: z.string(),
  version: z.string(),
  reason: z.string().nullish(),
});

const titles: Readonly<Record<string, (one: z.output<typeof about>) => string>> = {
  'release.needs_person': ({ version, target }) => `Release ${version} on ${target}: a person decides`,
  'release.rolled_back': ({ version, target }) => `Release ${version} was taken back from ${target}`,
};

/** Puts what a person must know of a release among the messages, once; what goes well is only on record. */
export function tellOfRelease(
  { messages, name }: Pick<RunStore, 'messages' | 'name'>,
  event: string,
  data: Record<string, unknown>,
  now: number,
): void {
  const title = titles[event];
  const read = about.safeParse(data);
  if (!title || !read.success) return;
  const { release, target, version, reason } = read.data;
  const text = `${reason ?? ''}\nSee: andon release status --target ${target}`.trim();
  const notice: ReleaseNotice = { release, target, version, title: title(read.data), text };
  messages.add(`${name}-release-${release}-${event}`, 0, notice, now);
}
