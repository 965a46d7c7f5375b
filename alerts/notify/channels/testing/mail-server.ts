import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface MailServer extends AsyncDisposable {
  readonly port: number;
  /** What it took, as it came over the wire. */
  readonly mails: string[];
  /** Whether each of them came encrypted. */
  readonly encrypted: boolean[];
}

/** Replies, by the beginning of an address: `550-anybody@…` is answered 550. */
const refusalFor = (address: string): Error | undefined => {
  const code = Number(/^([45]\d\d)-/.exec(address)?.[1]);
  return Number.isNaN(code)
    ? undefined
    : Object.assign(new Error('not for this address'), { responseCode: code });
};

export const mailUser = { user: 'andon', password: 'correct-horse-battery' } as const;

/** A mail server that knows one user. */
export async function startMailServer(options: SMTPServerOptions): Promise<MailServer> {
  const mails: string[] = [];
  const encrypted: boolean[] = [];
  const server = new SMTPServer({
    authOptional: true,
    ...options,
    onAuth({ username, password }, _session, done) {
      const isKnown = username === mailUser.user && password === mailUser.password;
      // As some servers do, it repeats what it does not like.
      done(
        isKnown ? null : new Error(`no such user or password: ${password}`),
        isKnown ? { user: username } : undefined,
      );
    },
    onRcptTo: ({ address }, _session, done) => done(refusalFor(address)),
    async onData(stream, session, done) {
      mails.push(await text(stream));
      encrypted.push(session.secure);
      done();
    },
  });
  server.on('error', () => {}); // A client that does not trust it hangs up in the handshake.
  const listener = server.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    mails,
    encrypted,
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
