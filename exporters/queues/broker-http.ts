import { messageOf } from '../../kit/errors.ts';

/** The server answered, but not with what was asked for. */
export class HttpAnswer extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** Gets texts from one address; `what` names the door in errors: "the management API". */
export interface BrokerHttp {
  readonly what: string;
  text(path: string, signal: AbortSignal): Promise<string>;
  json(path: string, signal: AbortSignal): Promise<unknown>;
}

/** fetch refuses a password in an address: it moves into a header, and is in no error. */
export function brokerHttp(what: string, address: string, fetchFrom: typeof fetch): BrokerHttp {
  const { base, headers } = credentialsApart(address);
  const text = async (path: string, signal: AbortSignal): Promise<string> => {
    let response: Response;
    try {
      response = await fetchFrom(`${base}${path}`, { headers, signal });
    } catch (cause) {
      throw signal.aborted
        ? new Error(`${what} did not answer in time`)
        : new Error(`${what}: ${reason(cause)}`);
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw new HttpAnswer(`${what} answered ${response.status}${hint(response.status)}`, response.status);
    }
    return response.text().catch((cause) => {
      throw signal.aborted
        ? new Error(`${what} did not finish its answer in time`)
        : new Error(`${what}: ${reason(cause)}`);
    });
  };
  return {
    what,
    text,
    async json(path, signal) {
      const body = await text(path, signal);
      try {
        return JSON.parse(body);
      } catch {
        throw new Error(`${what} answered with something that is no JSON`);
      }
    },
  };
}

const hint = (status: number): string => {
  if (status === 401) return ': wrong user or password';
  return status === 403 ? ': the user lacks the tag "monitoring"' : '';
};

/** What undici wraps as "fetch failed" has its reason as the cause. */
const reason = (error: unknown): string =>
  error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);

function credentialsApart(address: string): { base: string; headers: Record<string, string> } {
  const url = new URL(address);
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const headers: Record<string, string> =
    url.username === '' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
  url.username = '';
  url.password = '';
  return { base: url.href.replace(/\/$/, ''), headers };
}
