/**
 * Compiles a pattern written for Python's `re`, which is not JavaScript's: `$` also matches before a last line feed, `.` stops at
 * line feeds alone, `\w`, `\d` and `\b` know every script, `(?P<name>…)` names a group. Throws an Error for what cannot be carried over.
 */
export function compilePythonRegex(pattern: string): RegExp {
  const { flags, rest } = leadingFlags(pattern);
  const translator = new Translator(rest, flags);
  try {
    return new RegExp(translator.whole(), flags.includes('i') ? 'vi' : 'v');
  } catch (error) {
    if (error instanceof SyntaxError) throw new Error(`pattern ${pattern}: ${error.message}`);
    throw error;
  }
}

function leadingFlags(pattern: string): { flags: string; rest: string } {
  const found = /^\(\?([aiLmsux]+)\)/.exec(pattern);
  const flags = found?.[1] ?? '';
  if (/[Lx]/.test(flags)) throw new Error(`pattern ${pattern}: the flags L and x are not supported`);
  return { flags, rest: pattern.slice(found?.[0].length ?? 0) };
}

const syntax = /[\^$\\.*+?()[\]{}|/]/;
/** What must be escaped inside a class under the `v` flag. */
const reserved = /[\^$\\.*+?()[\]{}|/&\-!#%,:;<=>@`~]/;
const controls: Record<string, string> = { a: '\\x07', n: '\\n', t: '\\t', r: '\\r', f: '\\f', v: '\\v' };

class Translator {
  readonly #text: string;
  readonly #flags: string;
  #at = 0;

  constructor(text: string, flags: string) {
    this.#text = text;
    this.#flags = flags;
  }

  whole(): string {
    let out = '';
    while (this.#at < this.#text.length) out += this.#next();
    return out;
  }

  #next(): string {
    const char = this.#text[this.#at++] ?? '';
    const multiline = this.#flags.includes('m');
    switch (char) {
      case '\\':
        return this.#escape();
      case '[':
        return this.#class();
      case '(':
        return this.#group();
      case '.':
        return this.#flags.includes('s') ? '[\\s\\S]' : '[^\\n]';
      case '^':
        return multiline ? '(?<![^\\n])' : '(?<![\\s\\S])';
      case '$':
        return multiline ? '(?![^\\n])' : '(?=\\n?(?![\\s\\S]))';
      case '{':
        return this.#braces();
      case '}':
      case ']':
        return `\\${char}`;
      case '*':
      case '+':
      case '?':
        return this.#quantifier(char);
      default:
        return char === '/' ? '\\/' : char;
    }
  }

  #quantifier(text: string): string {
    if (this.#text[this.#at] === '+') this.#refuse('possessive quantifiers');
    const lazy = this.#text[this.#at] === '?';
    if (lazy) this.#at++;
    return lazy ? `${text}?` : text;
  }

  /** `{2,5}` repeats; any other brace stands for itself. */
  #braces(): string {
    const found = /^(\d*)(,?)(\d*)\}/.exec(this.#text.slice(this.#at));
    if (!found || found[0] === '}' || found[0] === ',}') return '\\{';
    this.#at += found[0].length;
    return this.#quantifier(`{${found[1] === '' ? '0' : found[1]}${found[2]}${found[3]}}`);
  }

  #group(): string {
    const rest = this.#text.slice(this.#at);
    if (!rest.startsWith('?')) return '(';
    const take = (length: number, text: string) => {
      this.#at += length;
      return text;
    };
    const comment = /^\?#[^)]*\)/.exec(rest);
    if (comment) return take(comment[0].length, '');
    const named = /^\?P<(\w+)>/.exec(rest);
    if (named) return take(named[0].length, `(?<${named[1]}>`);
    const back = /^\?P=(\w+)\)/.exec(rest);
    if (back) return take(back[0].length, `\\k<${back[1]}>`);
    const plain = /^\?(:|=|!|<=|<!|i:)/.exec(rest);
    if (plain) return take(plain[0].length, `(${plain[0]}`);
    return this.#refuse(`the group (${rest.slice(0, 3)}…`);
  }

  #escape(): string {
    const char = this.#text[this.#at++];
    if (char === undefined) return this.#refuse('a backslash at the end');
    const [letter, digit] = this.#flags.includes('a') ? ['a-zA-Z0-9_', '0-9'] : ['\\p{L}\\p{N}_', '\\p{Nd}'];
    const edge = `[${letter}]`;
    switch (char) {
      case 'A':
        return '(?<![\\s\\S])';
      case 'Z':
        return '(?![\\s\\S])';
      case 'b':
        return `(?:(?<=${edge})(?!${edge})|(?<!${edge})(?=${edge}))`;
      case 'B':
        return `(?:(?<=${edge})(?=${edge})|(?<!${edge})(?!${edge}))`;
      case 'w':
        return edge;
      case 'W':
        return `[^${letter}]`;
      case 'd':
        return `[${digit}]`;
      case 'D':
        return `[^${digit}]`;
      case 's':
      case 'S':
        return `\\${char}`;
      default:
        return /[1-9]/.test(char) ? `\\${char}` : this.#character(char, syntax);
    }
  }

  /** An escape that stands for one character. */
  #character(char: string, mustEscape: RegExp): string {
    const control = controls[char];
    if (control !== undefined) return control;
    const hex = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(
      this.#text.slice(this.#at - 1),
    );
    if (hex) {
      this.#at += hex[0].length - 1;
      return `\\u{${hex[1] ?? hex[2] ?? hex[3]}}`;
    }
    if (char === '0') return '\\u{0}';
    if (/[a-zA-Z0-9]/.test(char)) return this.#refuse(`the escape \\${char}`);
    return mustEscape.test(char) ? `\\${char}` : char;
  }

  #class(): string {
    let out = '[';
    if (this.#text[this.#at] === '^') {
      out += '^';
      this.#at++;
    }
    for (let first = true; ; first = false) {
      const char = this.#text[this.#at++];
      if (char === undefined) return this.#refuse('a class that is not closed');
      if (char === ']' && !first) return `${out}]`;
      if (char === '\\') out += this.#classEscape();
      else if (char === '-' && !first && this.#text[this.#at] !== ']') out += '-';
      else out += reserved.test(char) ? `\\${char}` : char;
    }
  }

  #classEscape(): string {
    const char = this.#text[this.#at] ?? '';
    if (/[wWdDsS]/.test(char)) return this.#escape();
    this.#at++;
    return char === 'b' ? '\\x08' : this.#character(char, reserved);
  }

  #refuse(what: string): never {
    throw new Error(`pattern ${this.#text}: ${what} cannot be carried over from Python`);
  }
}
