import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A line to a server on the loopback that is cut when the client says a certain word. */
export interface CutLine extends AsyncDisposable {
  readonly port: number;
}

/**
 * `before`: the word does not reach the server. `after`: it does, and the answer does not come back. `held`: the line stays, and the
 * server gets neither the word nor anything after it.
 */
export async function cutLine(to: number, word: string, when: 'before' | 'after' | 'held'): Promise<CutLine> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const far = connect(to, '127.0.0.1');
    for (const socket of [client, far]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        far.destroy();
      });
    }
    let isCut = false;
    let end = '';
    far.on('data', (bytes) => void (isCut && when === 'after' ? client.destroy() : client.write(bytes)));
    client.on('data', (bytes) => {
      // The word may come in two pieces.
      const said = end + bytes.toString('latin1');
      end = said.slice(1 - word.length);
      isCut ||= said.includes(word);
      if (isCut && when === 'before') client.destroy();
      else if (!isCut || when === 'after') far.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
