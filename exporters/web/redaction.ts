/** Takes secrets out of a text. */
export type Redaction = (text: string) => string;

const replacement = '[secret]';
const secretKey = /password|passwd|secret|token|credential|authorization|api_?key/i;
const userInUrl = /([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi;
/** Shorter ones occur in words of every text; between `:` and `@` of an address those go as well. */
const shortestSecret = 4;

/**
 * What is said about a target comes from drivers and servers, and some quote the address they were given. Every password in a
 * configuration, as it stands there and as it is sent, is taken out of such a text, and so is every password in an address.
 */
export function redactionOf(configuration: unknown): Redaction {
  const longestFirst = [...secretsIn(configuration)].toSorted((a, b) => b.length - a.length);
  return (text) =>
    longestFirst.reduce(
      (rest, secret) => rest.replaceAll(secret, replacement),
      text.replaceAll(userInUrl, `$1:${replacement}@`),
    );
}

function secretsIn(configuration: unknown): Set<string> {
  const found = new Set<string>();
  const visit = (value: unknown, key: string): void => {
    if (typeof value === 'string') {
      for (const secret of secretKey.test(key) ? [value] : passwordsOf(value))
        if (secret.length >= shortestSecret) found.add(secret);
    } else if (typeof value === 'object' && value !== null) {
      for (const [inner, child] of Object.entries(value)) visit(child, Array.isArray(value) ? key : inner);
    }
  };
  visit(configuration, '');
  return found;
}

function passwordsOf(text: string): string[] {
  const { password = '' } = URL.parse(text) ?? {};
  return [password, decoded(password)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
