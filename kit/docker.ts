import { request } from 'node:http';
import { z } from 'zod';
import { type ContainerState, containerStateOf } from './container-state.ts';
import { AndonError, UnavailableError } from './errors.ts';

/** The engine answers from memory; what takes longer than this is stuck. Stopping has its own patience on top. */
const answerMs = 5000;

const versionSchema = z.object({ Version: z.string(), ApiVersion: z.string() });

/** The engine has said no: `status` is its HTTP status (404 no such thing, 409 conflict, 500 its own failure). */
export class EngineRefusal extends AndonError {
  readonly status: number;

  constructor(status: number, message: string, mend?: string) {
    super('docker.refused', message, { mend });
    this.status = status;
  }
}

/**
 * A Docker engine (or Podman's compatible API) over its unix socket. Every call throws UnavailableError where no engine answers and
 * EngineRefusal where it says no. "It is already so" (pausing what is paused, starting what runs) is no error, unless said otherwise.
 * Calls have a limit of 5 s of their own, so that undos need no signal.
 */
export class DockerEngine {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** The engine's version and that of its API. */
  async version(signal?: AbortSignal): Promise<{ version: string; api: string }> {
    const { Version, ApiVersion } = versionSchema.parse(await this.#call('GET', '/version', { signal }));
    return { version: Version, api: ApiVersion };
  }

  /** Throws EngineRefusal 404 where there is no such container. */
  async inspect(container: string, signal?: AbortSignal): Promise<ContainerState> {
    const found = await this.#call('GET', `${pathOf(container)}/json`, { signal });
    return containerStateOf(found);
  }

  /** Freezes all its processes (cgroup freezer). */
  async pause(container: string, signal?: AbortSignal): Promise<void> {
    await this.#unlessAlready(container, 'paused', true, () =>
      this.#call('POST', `${pathOf(container)}/pause`, { signal }),
    );
  }

  async unpause(container: string, signal?: AbortSignal): Promise<void> {
    await this.#unlessAlready(container, 'paused', false, () =>
      this.#call('POST', `${pathOf(container)}/unpause`, { signal }),
    );
  }

  /** Sends a signal to its first process; SIGKILL when left out. A container that does not run is no error. */
  async kill(container: string, killSignal = 'SIGKILL', signal?: AbortSignal): Promise<void> {
    const query = new URLSearchParams({ signal: killSignal });
    await this.#unlessAlready(container, 'running', false, () =>
      this.#call('POST', `${pathOf(container)}/kill?${query}`, { signal }),
    );
  }

  async start(container: string, signal?: AbortSignal): Promise<void> {
    await this.#call('POST', `${pathOf(container)}/start`, { signal, limitMs: 30_000 });
  }

  /** Stops it (SIGKILL after `patienceSeconds`) and starts it again; returns when it has been started. */
  async restart(container: string, patienceSeconds: number, signal?: AbortSignal): Promise<void> {
    const limitMs = 30_000 + patienceSeconds * 1000;
    await this.#call('POST', `${pathOf(container)}/restart?t=${patienceSeconds}`, { signal, limitMs });
  }

  /** Takes it off a network at once, also where it is stopped. Not being on it is no error. */
  async disconnect(network: string, container: string, signal?: AbortSignal): Promise<void> {
    const { networks } = await this.inspect(container, signal);
    if (!(network in networks)) return;
    const body = { Container: container, Force: false };
    await this.#call('POST', `/networks/${encodeURIComponent(network)}/disconnect`, { body, signal });
  }

  /** Puts it on a network under these names besides its own, with a new address. Being on it is no error. */
  async connect(
    network: string,
    container: string,
    aliases: readonly string[],
    signal?: AbortSignal,
  ): Promise<void> {
    const { networks } = await this.inspect(container, signal);
    if (network in networks) return;
    await this.#call('POST', `/networks/${encodeURIComponent(network)}/connect`, {
      body: { Container: container, EndpointConfig: { Aliases: aliases } },
      signal,
    });
  }

  /** The engine answers 409 or 500 to what is already so, by version: only the state afterwards tells. */
  async #unlessAlready(
    container: string,
    state: 'paused' | 'running',
    wanted: boolean,
    act: () => Promise<unknown>,
  ): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof EngineRefusal) || error.status === 404) throw error;
      if ((await this.inspect(container))[state] !== wanted) throw error;
    }
  }

  async #call(method: string, path: string, options: CallOptions): Promise<unknown> {
    const { status, text } = await this.#exchange(method, path, options);
    if (status < 400) return text === '' ? undefined : jsonOf(text);
    const said = z.object({ message: z.string() }).safeParse(jsonOf(text));
    const mend = status === 404 ? 'Look with: docker ps -a' : undefined;
    throw new EngineRefusal(status, said.data?.message ?? `the Docker engine answered HTTP ${status}`, mend);
  }

  #exchange(
    method: string,
    path: string,
    { body, signal, limitMs = answerMs }: CallOptions,
  ): Promise<Answer> {
    const limit = AbortSignal.timeout(limitMs);
    const text = body === undefined ? '' : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const call = request({
        socketPath: this.#socket,
        method,
        path,
        headers: {
          host: 'docker',
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
        },
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
      const fail = (cause: Error) =>
        reject(
          signal?.aborted ? signal.reason : limit.aborted ? this.#stuck(limitMs) : this.#noAnswer(cause),
        );
      call.once('error', fail);
      call.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', fail);
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
      });
      call.end(text);
    });
  }

  #stuck(limitMs: number): UnavailableError {
    const what = `the Docker engine at ${this.#socket} has not answered within ${limitMs / 1000} s`;
    return new UnavailableError('docker.no-answer', what, {
      mend: 'It hangs, or has too much to do. Look with: docker version; journalctl -u docker',
    });
  }

  #noAnswer(cause: NodeJS.ErrnoException): UnavailableError {
    const mends: Record<string, string> = {
      EACCES: `Run it as root, or as a member of the group that owns ${this.#socket}.`,
      ENOENT:
        'Start the engine (apt-get install docker.io; systemctl start docker), or name its socket in andon.yaml.',
      ECONNREFUSED: 'Start the engine: systemctl start docker',
    };
    return new UnavailableError('docker.no-answer', `no Docker engine answers at ${this.#socket}`, {
      mend: mends[cause.code ?? ''] ?? 'Look with: docker version',
      cause,
    });
  }
}

interface CallOptions {
  body?: object;
  signal?: AbortSignal | undefined;
  limitMs?: number;
}

interface Answer {
  status: number;
  text: string;
}

const pathOf = (container: string): string => `/containers/${encodeURIComponent(container)}`;

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
