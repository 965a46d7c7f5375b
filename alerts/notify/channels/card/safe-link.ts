/** A link is shown whole or not at all; one longer than this is not. */
const longestLink = 600;

/** An address that may stand in a card's link: http or https, and nothing in it that ends a link; undefined for any other. */
export function safeLink(value: string | undefined): string | undefined {
  // Reading what is far too long takes long as well.
  if (value === undefined || value.length > 2 * longestLink || !URL.canParse(value)) return undefined;
  const { protocol, username, password, host, pathname, search, hash } = new URL(value);
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  // "https://known.example@other.example" shows one host and leads to another.
  if (username !== '' || password !== '') return undefined;
  const rest = `${pathname}${search}${hash}`.replaceAll(/[^\w\-./?#=&%+,;:]/g, percentEncoded);
  const link = `${protocol}//${host}${rest}`;
  return link.length <= longestLink ? link : undefined;
}

/** `new URL` leaves ASCII only. */
const percentEncoded = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
