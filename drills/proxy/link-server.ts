import type { Clock } from '../../kit/clock.ts';
import { messageOf, UnavailableError } from '../../kit/errors.ts';
import { type ListeningServer, listen } from '../../kit/http-server.ts';
import type { Log } from '../../kit/log.ts';
import type { LinksConfig } from './config.ts';
import { controlApi, type Links } from './control-api.ts';
import type { LeasedHttpLink } from './http-fault-api.ts';
import { HttpLink } from './http-link.ts';
import { LeasedLink } from './leased-link.ts';
import { TcpLink } from './tcp-link.ts';

/** The links of one process and the API that disturbs them; leaving its scope closes every connection. */
export interface RunningLinks extends AsyncDisposable {
  /** Address of the control API. */
  readonly url: string;
  readonly links: readonly { name: string; host: string; port: number }[];
}

export interface LinkDeps {
  clock: Clock;
  log: Log;
}

/** Opens every link and then the control API; all of them or none. */
export async function startLinks(config: LinksConfig, deps: LinkDeps): Promise<RunningLinks> {
  await using stack = new AsyncDisposableStack();
  const links = new Map<string, LeasedLink<TcpLink>>();
  const httpLinks = new Map<string, LeasedHttpLink>();
  for (const { name, listen: address, upstream, protocol } of config.links) {
    const http = protocol === 'http' ? await opened(`link ${name}`, HttpLink.open(upstream)) : undefined;
    if (http) httpLinks.set(name, stack.use(new LeasedLink(name, http, deps.clock)));
    const way = { listen: address, upstream: http?.listen ?? upstream, log: deps.log };
    const link = await opened(`link ${name}`, TcpLink.open(way));
    links.set(name, stack.use(new LeasedLink(name, link, deps.clock)));
  }
  const server = stack.use(
    await opened('the control API', listen(controlApi(links, deps, httpLinks), config.listen)),
  );
  return started(stack.move(), server, links);
}

function started(stack: AsyncDisposableStack, server: ListeningServer, links: Links): RunningLinks {
  return {
    url: server.url,
    links: [...links.values()].map(({ name, link }) => ({ name, ...link.listen })),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function opened<T>(what: string, opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    throw new UnavailableError('links.not-listening', `${what}: ${messageOf(error)}`, {
      mend: 'Give it another port in the links file, or end the program that holds this one.',
      cause: error,
    });
  }
}
