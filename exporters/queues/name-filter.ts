/** Whether a name is one of those listed: exactly, or by a prefix that ends with *. */
export function nameFilter(patterns: readonly string[]): (name: string) => boolean {
  const prefixes = patterns.filter((text) => text.endsWith('*')).map((text) => text.slice(0, -1));
  const names = new Set(patterns);
  return (name) => names.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
}
