import type { ExporterSetup } from '../exporter-setup.ts';

/** Larger answers are for queries: parsing JSON keeps everybody else waiting. */
const largestAnswerBytes = 16 * 2 ** 20;

/** The HTTP API of one MES. */
export class MesHttp {
  readonly #fetch: typeof fetch;
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** A user and password in the address become a header, because fetch refuses them there. */
  constructor(address: string, headers: Readonly<Record<string, string>>, { fetch }: ExporterSetup) {
    const url = new URL(address);
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    const basic = `Basic ${Buffer.from(credentials).toString('base64')}`;
    this.#headers = url.username === '' ? headers : { authorization: basic, ...headers };
    url.username = '';
    url.password = '';
    this.#base = url.href.replace(/\/$/, '');
    this.#fetch = fetch;
  }

  /** Whether a path answers at all; throws when it does not, or not with success. */
  async check(path: string, signal: AbortSignal): Promise<void> {
    await (await this.#get(path, signal)).body?.cancel();
  }

  /** What a path answers, as JSON. */
  async json(path: string, signal: AbortSignal): Promise<unknown> {
    const text = await this.#text(await this.#get(path, signal), path);
    try {
      return JSON.parse(text);
    } catch {
      throw new Error(`${path} answered what is no JSON`);
    }
  }

  async #get(path: string, signal: AbortSignal): Promise<Response> {
    const response = await this.#fetch(`${this.#base}${path}`, { headers: this.#headers, signal });
    if (response.ok) return response;
    await response.body?.cancel();
    throw new Error(`${path} answered ${response.status}`);
  }

  async #text(response: Response, path: string): Promise<string> {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of response.body ?? []) {
      bytes += piece.length;
      if (bytes > largestAnswerBytes)
        throw new Error(`${path} answered more than ${largestAnswerBytes} bytes`);
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString('utf8');
  }
}
