/** One line of Prometheus' text format. */
export interface TextSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

// Label values may hold anything but an unescaped quote: braces, commas, spaces.
const line = /^([A-Za-z_:][\w:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})? ([^ ]+)(?: \d+)?$/;
const label = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** The samples whose name is wanted, one after the other: such a text may have millions of lines, of which most are not. */
export function* samplesIn(text: string, isWanted: (name: string) => boolean): Generator<TextSample> {
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from);
    const to = end < 0 ? text.length : end;
    const row = text.slice(from, to);
    from = to + 1;
    if (row === '' || row.startsWith('#') || !isWanted(nameOf(row))) continue;
    const [, name = '', labels = '', value] = line.exec(row) ?? [];
    if (value !== undefined) yield { name, labels: labelsIn(labels), value: Number(value) };
  }
}

function nameOf(row: string): string {
  const end = row.search(/[{ ]/);
  return end < 0 ? row : row.slice(0, end);
}

const labelsIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(label)].map(([, name, value = '']) => [name, value.replaceAll(/\\(.)/g, unescaped)]),
  );

const unescaped = (_whole: string, character: string): string => (character === 'n' ? '\n' : character);
