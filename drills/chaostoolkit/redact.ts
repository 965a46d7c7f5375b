import { isRecord, pythonText } from './python-values.ts';
import type { Variables } from './substitute.ts';

const hidden = '******';
/** Shorter ones stand in too many words by chance: they are hidden only where they are a whole value. */
const shortest = 4;
const sensitiveName = /passw|secret|token|credential|api[-_]?key|private[-_]?key/i;

/** Hides every secret, and every configuration whose name sounds like one, in whatever leaves the run. */
export class Redactor {
  readonly #whole: ReadonlySet<string>;
  readonly #parts: readonly string[];
  readonly #shown: Variables;

  constructor({ configuration, secrets }: Variables) {
    const entries = Object.entries(configuration);
    const sensitive = entries.filter(([name]) => sensitiveName.test(name)).map(([, value]) => value);
    const texts = [...textsOf(secrets), ...sensitive.flatMap(textsOf)].filter((text) => text !== '');
    this.#whole = new Set(texts);
    const long = [...this.#whole].filter((text) => text.length >= shortest);
    this.#parts = long.flatMap(formsOf).toSorted((a, b) => b.length - a.length);
    this.#shown = {
      configuration: Object.fromEntries(entries.filter(([name]) => !sensitiveName.test(name))),
      secrets: {},
    };
  }

  /** The variables that may be shown: names of the others stay written as `${name}`. */
  get shown(): Variables {
    return this.#shown;
  }

  /** The same value without secrets. */
  redact(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number') return this.#whole.has(String(value)) ? hidden : value;
    if (Array.isArray(value)) return value.map((item) => this.redact(item));
    if (!isRecord(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [this.text(key), this.redact(item)]),
    );
  }

  text(value: string): string {
    if (this.#whole.has(value)) return hidden;
    return this.#parts.reduce((text, part) => text.replaceAll(part, hidden), value);
  }
}

/** A text as it is, and as it stands in an address, a form, JSON or a header. */
function formsOf(text: string): string[] {
  return [
    text,
    encodeURIComponent(text),
    encodeURI(text),
    text.replace(/[^\x21-\x7e]|["<>`{}^]/g, (char) => encodeURIComponent(char)),
    new URLSearchParams({ '': text }).toString().slice(1),
    JSON.stringify(text).slice(1, -1),
    Buffer.from(text).toString('base64').replaceAll('=', ''),
  ];
}

function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (isRecord(value)) return Object.values(value).flatMap(textsOf);
  // Every second answer is true, false or null: hiding these would hide nothing.
  return typeof value === 'string' || typeof value === 'number' ? [pythonText(value)] : [];
}
