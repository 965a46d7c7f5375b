/** A piece of HTML that may stand in a page as it is. Only `html` and `trusted` make one. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Child = Html | string | number | null | undefined | false | readonly Child[];

/** Builds HTML; everything put in is escaped, except what is Html already. Nothing is written for null, undefined and false. */
export function html(literals: TemplateStringsArray, ...children: readonly Child[]): Html {
  return new Html(
    literals.reduce((text, literal, index) => `${text}${render(children[index - 1])}${literal}`),
  );
}

/** Marks a text of our own (style sheets, drawings) as HTML. Never for anything that came from outside. */
export const trusted = (text: string): Html => new Html(text);

function render(child: Child): string {
  if (child === null || child === undefined || child === false) return '';
  if (child instanceof Html) return child.text;
  if (typeof child === 'object') return child.map(render).join('');
  return escapeHtml(typeof child === 'string' ? keepUnits(child) : String(child));
}

/** A number and its unit stay on one line. */
const keepUnits = (text: string): string => text.replaceAll(/(\d) (?=(?:ms|s|min|h|%)(?!\w))/g, '$1\u00a0');

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and for quoted attributes. */
export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);

/** A name of words written together, as alerts have: where it does not fit, it is broken between these words and nowhere else. */
export const joinedName = (name: string): Html =>
  html`<span class="name">${name.split(/(?<=[a-z0-9])(?=[A-Z])/).map((word, index) => [index > 0 && trusted('<wbr>'), word])}</span>`;

/** Text in which `words` between backticks become code. */
export const withCode = (text: string): Html[] =>
  text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));

/** JSON that is safe inside any element, and still the same JSON when read as text. */
export const escapeJson = (json: string): string =>
  json.replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
