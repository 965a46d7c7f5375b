/** First bytes of a server's messages before a session is open: authentication, error, notice, protocol version. */
const firstTypes = 'RENv';
/** A single byte answers the question for TLS: yes or no. */
const tlsAnswers = 'SN';
/** Such messages are short; the same bound as libpq's. */
const longestMessage = 30_000;

/**
 * Whether the first bytes of an answer can come from PostgreSQL. The driver would take those of a web server for the beginning of
 * a message of a gigabyte, and wait for the rest.
 */
export function speaksPostgres(bytes: Uint8Array): boolean {
  const type = String.fromCharCode(bytes[0] ?? 0);
  if (bytes.length === 1) return (firstTypes + tlsAnswers).includes(type);
  if (!firstTypes.includes(type)) return false;
  if (bytes.length < 5) return true;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  return length >= 4 && length <= longestMessage;
}
