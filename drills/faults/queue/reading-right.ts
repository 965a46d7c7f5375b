/** The characters that mean something in a regular expression, in PCRE as in ours. */
const special = /[.*+?^${}()|[\]\\/#\s-]/g;

/**
 * The read permission that excludes one queue and is otherwise the same. RabbitMQ's permissions are regular expressions (PCRE) on
 * names: the old one stands in it word for word, behind a comment that says whose it is, so that any other process can take it out.
 */
export const withdrawn = (read: string, queue: string, mark: string): string =>
  `${before(queue, mark)}${read}${after}`;

/** The permission without what `mark` has put around it for this queue: as it was, whatever else was put around it meanwhile. */
export function restored(read: string, queue: string, mark: string): string {
  const prefix = before(queue, mark);
  const at = read.indexOf(prefix);
  return at < 0 ? read : `${read.slice(0, at)}${read.slice(at + prefix.length, -after.length)}`;
}

/** Whether `mark` has taken the right to read this queue out of a permission. */
export const isWithdrawn = (read: string, queue: string, mark: string): boolean =>
  read.includes(before(queue, mark));

/** Whether any drill has taken the right to read this queue out of a permission. */
export const excludes = (read: string, queue: string): boolean => read.includes(`(?!${literally(queue)}\\z)`);

/** Expressions that mean something else within another one: verbs that must stand first, comments to the end of a line. */
export const isWrappable = (read: string): boolean => !read.startsWith('(*') && !/\(\?[a-z]*x/i.test(read);

/** No name matches an empty permission: there is nothing to take out of it. */
export const readsAnything = (read: string): boolean => read !== '' && read !== '^$';

const before = (queue: string, mark: string): string => `(?#${mark})^(?!${literally(queue)}\\z)(?=.*?(?:`;
const literally = (queue: string): string => queue.replaceAll(special, '\\$&');
const after = '))';
