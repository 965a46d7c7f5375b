/** A session ends within milliseconds of being told; one that hangs in a system call or has much to roll back may need seconds. */
export const goneWithinMs = 10_000;

/** The pattern of a protect list (exact, or a prefix that ends with *) that one of these names matches. */
export const protectedBy = (
  protect: readonly string[],
  names: readonly (string | null)[],
): string | undefined =>
  protect.find((pattern) => names.some((name) => name !== null && matches(pattern, name)));

const matches = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
