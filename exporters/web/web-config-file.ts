import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { messageOf, UsageError } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import { NamedFiles } from './named-files.ts';
import { openDoor, parseWebConfig, type WebConfig, type WebTls } from './web-config.ts';

/**
 * The web configuration as it stands on the disk now, the files named in it included: a renewed certificate or another password
 * counts from the next request on. A version with a mistake is not taken; the last good one holds.
 */
export class WebConfigFile {
  readonly #file: string;
  readonly #log: Log;
  #files: NamedFiles;
  #config: WebConfig;

  /** Throws a UsageError that names every mistake. Without a file there is neither TLS nor authentication. */
  static open(file: string | undefined, log: Log): { current(): WebConfig } {
    return file === undefined ? { current: () => openDoor } : new WebConfigFile(file, log);
  }

  constructor(file: string, log: Log) {
    this.#file = file;
    this.#log = log;
    this.#files = filesBeside(file);
    this.#config = read(file, this.#files);
  }

  current(): WebConfig {
    if (this.#files.haveChanged()) this.#reread();
    return this.#config;
  }

  #reread(): void {
    this.#files = filesBeside(this.#file);
    try {
      const next = read(this.#file, this.#files);
      const refusal = lost(this.#config, next);
      if (refusal !== undefined) throw new Error(`${this.#file}: ${refusal}; restart the exporter for that`);
      this.#config = {
        ...next,
        tls: isDeepStrictEqual(next.tls, this.#config.tls) ? this.#config.tls : next.tls,
      };
      this.#log.info({ file: this.#file }, 'web configuration read again');
    } catch (error) {
      const reason = messageOf(error);
      this.#log.error(
        { file: this.#file, reason },
        'web configuration not taken: the one before still holds',
      );
    }
  }
}

const filesBeside = (file: string) => new NamedFiles(path.dirname(path.resolve(file)));

function read(file: string, files: NamedFiles): WebConfig {
  let text: string;
  try {
    text = files.read(path.basename(file));
  } catch (error) {
    throw new UsageError('web-config.unreadable', `exporter.web_config: ${messageOf(error)}`, {
      mend: 'Name a file that can be read, relative to the working directory.',
    });
  }
  return parseWebConfig(file, text, files);
}

/**
 * Protection that is there when the exporter starts cannot vanish while it runs: a reader may catch the file half written,
 * and half a file may well be one without users.
 */
function lost(before: WebConfig, next: WebConfig): string | undefined {
  if ((before.tls === undefined) !== (next.tls === undefined))
    return `TLS cannot be switched ${next.tls ? 'on' : 'off'} while it runs`;
  if (clientAuth(before.tls) !== clientAuth(next.tls)) return 'client_auth_type cannot change while it runs';
  if (isLocked(before) && !isLocked(next)) return 'authentication cannot be switched off while it runs';
  return undefined;
}

const clientAuth = (tls: WebTls | undefined) => tls?.clientAuth;
const isLocked = ({ users, tokens }: WebConfig) => users.size + tokens.length > 0;
