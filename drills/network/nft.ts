import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { UnavailableError } from '../../kit/errors.ts';

/** The kernel answers at once; several at a time wait for each other. */
const answerMs = 4000;
/** nft is for administrators, so it is not on everybody's PATH. */
const path = '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin';

const rulesetSchema = z.object({
  nftables: z.array(
    z.object({
      table: z.object({ name: z.string() }).optional(),
      counter: z.object({ packets: z.int() }).optional(),
      set: z.object({ elem: z.array(z.unknown()).default([]) }).optional(),
    }),
  ),
});

/** What `nft` says of a ruleset, an entry for each object. */
export type Ruleset = z.infer<typeof rulesetSchema>['nftables'];

/** nft(8) has refused: `complaint` is what it wrote. */
export class NftRefusal extends Error {
  readonly complaint: string;

  constructor(complaint: string) {
    super(`nft: ${complaint.split('\n', 1)[0]}`);
    this.complaint = complaint;
  }

  /** What was to be made is there already. */
  get isThere(): boolean {
    return this.complaint.includes('File exists');
  }

  /** What was named is not there: it has ended, or never was. */
  get notThere(): boolean {
    return this.complaint.includes('No such file or directory');
  }
}

/** The nftables of one network namespace, over the program nft(8). Throws UnavailableError where it cannot be used at all. */
export class Nft {
  readonly #namespace: string | undefined;

  /** `namespace` as `ip netns` names it; that of this process when undefined. */
  constructor(namespace: string | undefined) {
    this.#namespace = namespace;
  }

  /** Whether the namespace is there; without it nothing in it is either. */
  get hasNamespace(): boolean {
    return this.#namespace === undefined || existsSync(fileOf(this.#namespace));
  }

  /** All these commands (nft(8)), or none. */
  async apply(script: string, signal?: AbortSignal): Promise<void> {
    await this.#run(['-f', '-'], script, signal);
  }

  /** As `apply`, but the kernel only says whether it would. */
  async check(script: string): Promise<void> {
    await this.#run(['-c', '-f', '-'], script);
  }

  /** The names of all `inet` tables. */
  async tables(): Promise<string[]> {
    const found = parse(await this.#run(['-j', 'list', 'tables', 'inet'], ''));
    return found.flatMap(({ table }) => (table ? [table.name] : []));
  }

  /** What is in an `inet` table, or undefined where there is none of that name. */
  async table(name: string): Promise<Ruleset | undefined> {
    try {
      return parse(await this.#run(['-j', 'list', 'table', 'inet', name], ''));
    } catch (error) {
      if (error instanceof NftRefusal && error.notThere) return undefined;
      throw error;
    }
  }

  /** The line that a person types before `nft`. */
  get byHand(): string {
    return this.#namespace === undefined ? 'sudo nft' : `sudo nsenter --net=${fileOf(this.#namespace)} nft`;
  }

  #run(args: string[], input: string, signal?: AbortSignal): Promise<string> {
    const namespace = this.#namespace;
    if (namespace !== undefined && !this.hasNamespace) return Promise.reject(noNamespace(namespace));
    const [program = 'nft', ...all] = [
      ...(namespace === undefined ? [] : ['nsenter', `--net=${fileOf(namespace)}`]),
      'nft',
      ...args,
    ];
    return new Promise((resolve, reject) => {
      const options = { env: { PATH: path, LC_ALL: 'C' }, timeout: answerMs, ...(signal ? { signal } : {}) };
      const child = execFile(program, all, options, (error, stdout, stderr) => {
        if (!error) resolve(stdout);
        else if (signal?.aborted) reject(signal.reason);
        else reject(refusalOf(error, stderr));
      });
      child.stdin?.on('error', () => {}); // It has ended before it read: its exit says why.
      child.stdin?.end(input);
    });
  }
}

const fileOf = (namespace: string): string => `/run/netns/${namespace}`;

const parse = (json: string): Ruleset => rulesetSchema.parse(JSON.parse(json)).nftables;

const noNamespace = (namespace: string) =>
  new UnavailableError('nftables.no-namespace', `there is no network namespace "${namespace}"`, {
    mend: 'Look with: ip netns list',
  });

function refusalOf(error: Error & { code?: unknown }, stderr: string): Error {
  if (error.code === 'ENOENT' || stderr.includes('failed to execute nft'))
    return new UnavailableError('nftables.missing', 'the program nft is missing', {
      mend: 'As root: apt-get install nftables (Linux only)',
    });
  if (/Operation not permitted|Permission denied/.test(stderr))
    return new UnavailableError('nftables.not-allowed', 'making nftables rules is not allowed to this user', {
      mend: 'Run it as root (sudo), or with the capability CAP_NET_ADMIN.',
    });
  if (stderr === '') return new Error(`nft did not answer: ${error.message}`, { cause: error });
  return new NftRefusal(stderr.trim());
}
