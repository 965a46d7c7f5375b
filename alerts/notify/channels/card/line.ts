/** A piece of a line: text that shows as it is written, or a link. */
export type Span =
  | { readonly text: string; readonly strong?: true; readonly tone?: Tone }
  | { readonly link: string; readonly url: string };

/** What a reader should see before reading. */
export type Tone = 'alarm' | 'good';

/** One line of a card. `detail`: it belongs to what stands above it. */
export interface Line {
  readonly kind: 'title' | 'text' | 'detail';
  /** At least one; the first one begins with fixed words, a mark or a link. */
  readonly spans: readonly Span[];
}

/** How a card is written for one kind of reader. */
export type Dialect = (lines: readonly Line[]) => string;

/** Whether an empty line stands between two lines: without it a quote in Markdown swallows the line that follows. */
export const isGap = (before: Line['kind'] | undefined, kind: Line['kind']): boolean =>
  before === 'title' || (before === 'detail' && kind !== 'detail');
