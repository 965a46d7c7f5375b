/** Longer names would be cut in a label, and then two devices could become one series. */
const longestName = 200;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
const controlCharacters = /[\x00-\x1f\x7f]/;

/** What is wrong with a name of a line or device that comes over the network: it must stand in a label as it is. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'must not be empty';
  if (name.length > longestName) return `must not be longer than ${longestName} characters`;
  if (controlCharacters.test(name) || !name.isWellFormed()) return 'must be text without control characters';
  return undefined;
}
