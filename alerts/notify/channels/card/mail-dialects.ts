import { type Dialect, isGap, type Line, type Span } from './line.ts';

/** Plain text: what links say, and where they lead. */
export const plainMail: Dialect = (lines) =>
  lines
    .map(({ kind, spans }, index) => {
      const gap = isGap(lines[index - 1]?.kind, kind) ? '\n' : '';
      return gap + (kind === 'detail' ? '  ' : '') + spans.map(plainSpan).join('');
    })
    .join('\n');

const plainSpan = (part: Span): string => ('url' in part ? `${part.link}: ${part.url}` : part.text);

/** HTML that every mail program shows: no scripts, no pictures, no style sheet. */
export const htmlMail: Dialect = (lines) =>
  `<!doctype html><meta charset="utf-8"><body style="font-family: sans-serif">\n${lines.map(htmlLine).join('\n')}\n</body>`;

function htmlLine({ kind, spans }: Line): string {
  const inner = spans.map(htmlSpan).join('');
  if (kind === 'title') return `<h3>${inner}</h3>`;
  return kind === 'detail' ? `<div style="margin-left: 1em">${inner}</div>` : `<div>${inner}</div>`;
}

const htmlColours = { alarm: '#c00', good: '#080' } as const;

function htmlSpan(part: Span): string {
  if ('url' in part) return `<a href="${htmlText(part.url)}">${htmlText(part.link)}</a>`;
  const text = part.strong ? `<b>${htmlText(part.text)}</b>` : htmlText(part.text);
  return part.tone === undefined ? text : `<span style="color: ${htmlColours[part.tone]}">${text}</span>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const htmlText = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
