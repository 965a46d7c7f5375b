import { type Dialect, isGap, type Line, type Span } from './line.ts';

/**
 * Neither robot documents a way to escape, so what has a meaning in Markdown, in HTML or as a mention is replaced by
 * the character of full width that looks like it.
 */
export const plainInMarkdown = (text: string): string =>
  text
    .replaceAll(/[<>[\]`*~\\@&|]/g, fullWidth)
    // Within a word an underscore means nothing (mes_db_up); at its edge it slants the text.
    .replaceAll(/(?<![\p{L}\p{N}_])_+|_+(?![\p{L}\p{N}_])/gu, (edge) => edge.replaceAll('_', fullWidth));

/** ASCII from ! to ~ has its wide form at a fixed distance. */
const fullWidth = (character: string): string => String.fromCharCode(character.charCodeAt(0) + 0xfee0);

/** WeCom: headings, bold, links, quotes and three colours; a line break is one. */
export const wecomMarkdown: Dialect = (lines) => markdown(lines, '\n', wecomSpan);

/** DingTalk: headings, bold, links and quotes; a line break takes two spaces before it. */
export const dingtalkMarkdown: Dialect = (lines) => markdown(lines, '  \n', span);

function markdown(lines: readonly Line[], lineBreak: string, spanOf: (span: Span) => string): string {
  return lines
    .map((line, index) => {
      const separator = index === 0 ? '' : isGap(lines[index - 1]?.kind, line.kind) ? '\n\n' : lineBreak;
      return separator + prefix[line.kind] + line.spans.map(spanOf).join('');
    })
    .join('');
}

const prefix: Readonly<Record<Line['kind'], string>> = { title: '### ', text: '', detail: '> ' };

function span(part: Span): string {
  if ('url' in part) return `[${plainInMarkdown(part.link)}](${part.url})`;
  const text = plainInMarkdown(part.text);
  return part.strong ? `**${text}**` : text;
}

const wecomColours = { alarm: 'warning', good: 'info' } as const;

function wecomSpan(part: Span): string {
  if ('url' in part || part.tone === undefined) return span(part);
  return `<font color="${wecomColours[part.tone]}">${span(part)}</font>`;
}
