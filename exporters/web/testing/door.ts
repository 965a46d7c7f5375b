import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import pino from 'pino';
import type { ListeningServer } from '../../../kit/http-server.ts';
import { fakeCollector, startAppServer } from './app-server.ts';
import { type AskOptions, ask } from './ask.ts';
import type { CertificateAuthority } from './certificates.ts';

/** An exporter behind a web configuration that can be written anew while it runs. */
export interface Door extends AsyncDisposable {
  readonly server: ListeningServer;
  write(webConfig: string): Promise<void>;
  /** The status of one request by a client that trusts the authority. */
  status(options?: AskOptions, at?: string): Promise<number>;
  /** The reasons in its log. */
  failures(): string[];
}

/** A web configuration with the certificate that the authority has issued as `server`. */
export const tlsText = (more = ''): string =>
  `tls_server_config: {cert_file: server.pem, key_file: server.key${more}}\n`;

/** The web configuration stands in the folder of the authority, as `<name>.yaml`. */
export async function startDoor(
  { folder, cert }: CertificateAuthority,
  name: string,
  text: string,
): Promise<Door> {
  const reasons: string[] = [];
  const note = (line: string) => reasons.push((JSON.parse(line) as { reason: string }).reason);
  const log = pino({ level: 'warn' }, { write: note });
  const webConfig = path.join(folder, `${name}.yaml`);
  const write = (content: string) => writeFile(webConfig, content);
  await write(text);
  const collector = fakeCollector('locks', 'mes-db', {
    routes: (router) => {
      router.all('/heartbeats', (_request, response) => void response.send('thanks'));
    },
  });
  const server = await startAppServer({ collectors: [collector], webConfig, log });
  return {
    server,
    write,
    status: async (options = {}, at = '/sd') =>
      (await ask(`${server.url}${at}`, { ca: cert, ...options })).status,
    failures: () => [...reasons],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
