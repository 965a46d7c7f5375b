interface Written {
  /** Mentions that may stand in it, as they are written. */
  readonly mentions: readonly string[];
  readonly limit: number;
}

const link = /(?<!!)\[[^[\]()\n]*\]\((https?:\/\/[^\s()<>"'`*@\\]+)\)/g;
const colour = /<font color="(?:warning|info)">\*\*([^\n]*?)\*\*<\/font>/g;

/** What of a card for a robot is more than text, bold text, quotes, headings and whole links: nothing should be. */
export function markdownProblems(text: string, { mentions, limit }: Written): string[] {
  const problems: string[] = [];
  if (Buffer.byteLength(text) > limit) problems.push(`${Buffer.byteLength(text)} bytes, over ${limit}`);
  if (!text.isWellFormed()) problems.push('half a character');
  const rest = mentions
    .reduce((left, mention) => left.replace(mention, 'x'), text)
    .replaceAll(link, '')
    .replaceAll(colour, '**$1**')
    .replaceAll(/^(?:### |> )/gm, '');
  for (const [name, pattern] of Object.entries(forbidden)) if (pattern.test(rest)) problems.push(name);
  if (rest.split('\n').some((line) => (line.match(/\*\*/g) ?? []).length % 2 === 1))
    problems.push('half bold');
  return problems;
}

const forbidden: Readonly<Record<string, RegExp>> = {
  'a tag or a mention': /[<>]/,
  'a mention': /@/,
  'a link that is none': /[[\]]|:\/\/|www\./i,
  'an entity or an escape': /[&\\]/,
  code: /`/,
  'struck out or a table': /[~|]/,
  slanted: /(?<!\*)\*(?!\*)|(?<![\p{L}\p{N}_])_|_(?![\p{L}\p{N}_])/u,
  'a line that begins a block': /^(?:[#+=-]|\d+[.)] | {4}|\t)/m,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  'a control character': /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]/,
  'an invisible character': /(?![\u200c\u200d])\p{Cf}/u,
};
