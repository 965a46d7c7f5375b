import { z } from 'zod';

/** `127.0.0.1:9464` in a file → host and port. */
export const listenAddress = z.string().transform((text, context) => {
  const match = /^(?<host>\[[0-9a-f:]+\]|[^:]+):(?<port>\d{1,5})$/i.exec(text);
  const port = Number(match?.groups?.port);
  if (match?.groups?.host && port <= 65_535) return { host: match.groups.host.replace(/^\[|\]$/g, ''), port };
  context.addIssue({
    code: 'custom',
    message: `"${text}" is not an address to listen on; write HOST:PORT, as in 127.0.0.1:9464`,
  });
  return z.NEVER;
});
