/** Longer than any place in a card; what stands beyond it is not even looked at. */
const longestRead = 4000;

/**
 * Text of an alert as one line that shows what it says: no control characters, nothing invisible or that turns the
 * reading direction, no heaps of combining marks, and nothing that a client would make a link of by itself.
 */
export function cleanText(value: string): string {
  const read =
    value.length > longestRead ? `${value.slice(0, longestRead).replace(/[\ud800-\udbff]$/, '')}…` : value;
  return read
    .toWellFormed()
    .replaceAll(invisible, '')
    .replaceAll(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/(\p{M}{4})\p{M}+/gu, '$1')
    .replaceAll('://', '：//')
    .replaceAll(/www\./gi, (www) => `${www.slice(0, 3)}．`)
    .trim();
}

/** Format characters (direction, joiners of nothing, tags), except the two joiners that scripts and emoji need. */
const invisible = /(?![\u200c\u200d])\p{Cf}/gu;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** At most that many bytes of UTF-8: whole characters as a reader counts them, and an ellipsis for what is missing. */
export function clip(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const ellipsis = '…';
  let kept = '';
  let bytes = Buffer.byteLength(ellipsis);
  // No character of UTF-8 is shorter than a unit of the string, so what stands behind that many cannot be kept.
  for (const { segment } of graphemes.segment(text.slice(0, maxBytes))) {
    bytes += Buffer.byteLength(segment);
    if (bytes > maxBytes) break;
    kept += segment;
  }
  return `${kept.trimEnd()}${ellipsis}`;
}
