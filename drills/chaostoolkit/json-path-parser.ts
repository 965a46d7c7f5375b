import type { Condition, Operand, Selector, Step } from './json-path.ts';

/** Parses the JSONPath that tolerances are written in; throws an Error that says what is not understood, and where. */
export function parseJsonPath(text: string): Step[] {
  const parser = new Parser(text.trim());
  return parser.whole();
}

/** A name behind a dot; theirs has no hyphen, which does no harm. */
const bareName = /[A-Za-z_\u0080-\uffff][\w\u0080-\uffff-]*/y;
const integer = /-?\d+/y;
const number = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y;
const operator = /==|!=|<=|>=|=|<|>/y;
const word = /(and|or|not|true|false|null)\b/y;

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Step[] {
    if (!this.#take('$')) this.#fail('a path begins with $');
    const steps = this.#steps();
    if (this.#at < this.#text.length) this.#fail('not understood');
    return steps;
  }

  #steps(): Step[] {
    const steps: Step[] = [];
    for (;;) {
      if (this.#take('..')) steps.push({ deep: true, selectors: this.#afterDots() });
      else if (this.#take('.')) steps.push({ deep: false, selectors: [this.#bare()] });
      else if (this.#take('[')) steps.push({ deep: false, selectors: this.#bracketed() });
      else return steps;
    }
  }

  #afterDots(): Selector[] {
    return this.#take('[') ? this.#bracketed() : [this.#bare()];
  }

  #bare(): Selector {
    if (this.#take('*')) return { kind: 'wildcard' };
    const name = this.#match(bareName) ?? this.#fail('a name or * must stand here');
    if (this.#text[this.#at] === '(') this.#fail('functions such as length() are not supported');
    return { kind: 'name', name };
  }

  #bracketed(): Selector[] {
    const selectors: Selector[] = [];
    do {
      this.#space();
      selectors.push(this.#selector());
      this.#space();
    } while (this.#take(','));
    this.#expect(']');
    return selectors;
  }

  #selector(): Selector {
    if (this.#take('*')) return { kind: 'wildcard' };
    if (this.#take('?')) {
      this.#expect('(');
      const test = this.#and();
      this.#expect(')');
      return { kind: 'filter', test };
    }
    const name = this.#quoted();
    if (name !== undefined) return { kind: 'name', name };
    const from = this.#integer();
    if (this.#take(':')) return this.#slice(from);
    if (from !== undefined) return { kind: 'index', index: from };
    return this.#fail('a name in quotes, a number, a slice, * or ?( ) must stand here');
  }

  #slice(from: number | undefined): Selector {
    const to = this.#integer();
    const step = this.#take(':') ? (this.#integer() ?? 1) : 1;
    if (step < 1) this.#fail('the step of a slice must be 1 or more');
    return { kind: 'slice', from, to, step };
  }

  /** Theirs binds `or` tighter than `and`, against the custom; experiments are read as there. */
  #and(): Condition {
    const left = this.#or();
    return this.#word('and') ? { kind: 'and', left, right: this.#and() } : left;
  }

  #or(): Condition {
    const left = this.#not();
    return this.#word('or') ? { kind: 'or', left, right: this.#or() } : left;
  }

  #not(): Condition {
    if (this.#word('not')) return { kind: 'not', of: this.#not() };
    this.#space();
    if (this.#take('(')) {
      const inner = this.#and();
      this.#expect(')');
      return inner;
    }
    const left = this.#operand();
    this.#space();
    const found = this.#match(operator);
    return found === undefined
      ? { kind: 'some', of: left }
      : { kind: 'compare', operator: found, left, right: this.#operand() };
  }

  #operand(): Operand {
    this.#space();
    if (this.#take('@')) return { from: 'current', path: this.#steps() };
    if (this.#take('$')) return { from: 'root', path: this.#steps() };
    const text = this.#quoted();
    if (text !== undefined) return { literal: text };
    const digits = this.#match(number);
    if (digits !== undefined) return { literal: Number(digits) };
    if (this.#word('true')) return { literal: true };
    if (this.#word('false')) return { literal: false };
    if (this.#word('null')) return { literal: null };
    return this.#fail('a path, a text in quotes, a number, true, false or null must stand here');
  }

  #quoted(): string | undefined {
    const quote = this.#text[this.#at];
    if (quote !== '"' && quote !== "'") return undefined;
    const end = this.#text.indexOf(quote, this.#at + 1);
    if (end === -1) return this.#fail('the quote is not closed');
    const inside = this.#text.slice(this.#at + 1, end);
    if (inside.includes('\\')) this.#fail('a backslash in a text is not supported');
    this.#at = end + 1;
    return inside;
  }

  #integer(): number | undefined {
    this.#space();
    const digits = this.#match(integer);
    this.#space();
    return digits === undefined ? undefined : Number(digits);
  }

  #word(wanted: string): boolean {
    this.#space();
    const start = this.#at;
    if (this.#match(word) === wanted) return true;
    this.#at = start;
    return false;
  }

  #match(sticky: RegExp): string | undefined {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #expect(text: string): void {
    this.#space();
    if (!this.#take(text)) this.#fail(`${text} must stand here`);
  }

  #space(): void {
    while (this.#text[this.#at] === ' ') this.#at++;
  }

  #fail(why: string): never {
    throw new Error(`JSONPath ${this.#text}: character ${this.#at + 1}: ${why}`);
  }
}
