import type { SecureContextOptions } from 'node:tls';
import { messageOf } from '../../kit/errors.ts';
import { type ExtraProblem, parseYaml } from '../../kit/yaml-file.ts';
import type { NamedFiles } from './named-files.ts';
import { tlsMaterial } from './tls-material.ts';
import {
  type ClientAuthType,
  shortestToken,
  type WebConfigFileContent,
  webConfigSchema,
} from './web-config-schema.ts';

/** How the exporter's door is kept: what the web configuration and the files named in it say together. */
export interface WebConfig {
  readonly tls: WebTls | undefined;
  /** Sent with every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** The bcrypt hash of each user. */
  readonly users: ReadonlyMap<string, string>;
  readonly tokens: readonly string[];
  readonly rateLimit: { readonly intervalMs: number; readonly burst: number } | undefined;
}

export interface WebTls {
  readonly context: SecureContextOptions;
  readonly clientAuth: ClientAuthType;
  /** A client's certificate must be made out to one of these names. */
  readonly allowedNames: readonly string[] | undefined;
}

/** No file, no lock. */
export const openDoor: WebConfig = {
  tls: undefined,
  headers: {},
  users: new Map(),
  tokens: [],
  rateLimit: undefined,
};

/** Throws one InvalidFileError that names every mistake with line and column; what files it names is then known to `files`. */
export function parseWebConfig(file: string, text: string, files: NamedFiles): WebConfig {
  let tls: SecureContextOptions | undefined;
  let tokens: string[] = [];
  const extra = (content: WebConfigFileContent) => {
    const problems: ExtraProblem[] = [];
    if (content.tls_server_config) tls = tlsMaterial(content.tls_server_config, files, problems);
    tokens = [...content.bearer_tokens, ...tokensOf(content.bearer_token_files, files, problems)];
    return problems;
  };
  const content = parseYaml(file, text, webConfigSchema, { extra });
  const { tls_server_config: asked, rate_limit: rate } = content;
  return {
    tls: tls &&
      asked && { context: tls, clientAuth: asked.client_auth_type, allowedNames: asked.client_allowed_sans },
    headers: filledIn(content.http_server_config.headers),
    users: new Map(Object.entries(content.basic_auth_users)),
    tokens,
    rateLimit: rate && rate.interval > 0 ? { intervalMs: rate.interval, burst: rate.burst } : undefined,
  };
}

function tokensOf(names: readonly string[], files: NamedFiles, problems: ExtraProblem[]): string[] {
  return names.flatMap((name, index) => {
    const complain = (message: string) => {
      problems.push({ path: ['bearer_token_files', index], message });
      return [];
    };
    try {
      const token = files.read(name).trim();
      if (token.length >= shortestToken) return [token];
      return complain(
        `the token in ${name} is shorter than ${shortestToken} characters: it could be guessed`,
      );
    } catch (error) {
      return complain(messageOf(error));
    }
  });
}

/** An empty header is one that is not sent. */
const filledIn = (headers: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => Boolean(entry[1])));
