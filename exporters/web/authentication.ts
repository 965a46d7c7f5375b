import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { compare as bcryptCompare } from 'bcryptjs';
import type { WebConfig } from './web-config.ts';

/** `busy`: so many other passwords are being checked that this one was not looked at. */
export type Verdict = 'admitted' | 'refused' | 'busy';

/** More are kept than any plant has scrapers; each is a digest of 32 bytes. */
const mostRemembered = 100;
/** One bcrypt takes about a tenth of a second of this process; who guesses passwords must not queue up a minute of it. */
const mostWaiting = 20;

/** Checks an Authorization header: a password by bcrypt, a token by comparison. Right passwords are remembered, wrong ones are not. */
export class Authentication {
  readonly #users: ReadonlyMap<string, string>;
  readonly #tokens: readonly Buffer[];
  /** What is remembered and compared are digests under a key that only this process has. */
  readonly #key = randomBytes(32);
  readonly #right = new Set<string>();
  readonly #underWay = new Map<string, Promise<Verdict>>();
  readonly #compare: typeof bcryptCompare;
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ users, tokens }: Pick<WebConfig, 'users' | 'tokens'>, compare = bcryptCompare) {
    this.#compare = compare;
    this.#users = users;
    this.#tokens = tokens.map((token) => this.#digest(token));
  }

  get isNeeded(): boolean {
    return this.#users.size + this.#tokens.length > 0;
  }

  /** What a client is told about how it may identify itself (RFC 9110, 11.6.1). */
  get challenges(): string[] {
    return [
      ...(this.#users.size > 0 ? ['Basic realm="andon", charset="UTF-8"'] : []),
      ...(this.#tokens.length > 0 ? ['Bearer realm="andon"'] : []),
    ];
  }

  async check(authorization: string | undefined): Promise<Verdict> {
    const [scheme, credentials = ''] = (authorization ?? '').split(/ +/);
    if (scheme?.toLowerCase() === 'bearer') return this.#isToken(credentials) ? 'admitted' : 'refused';
    if (scheme?.toLowerCase() !== 'basic' || this.#users.size === 0) return 'refused';
    const [, user, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(credentials, 'base64').toString()) ?? [];
    return user === undefined || password === undefined ? 'refused' : this.#checkPassword(user, password);
  }

  #isToken(token: string): boolean {
    const digest = this.#digest(token);
    // Each is compared, whichever fits: the time says nothing.
    return this.#tokens.filter((known) => timingSafeEqual(known, digest)).length > 0;
  }

  #checkPassword(user: string, password: string): Promise<Verdict> | Verdict {
    const key = this.#digest(JSON.stringify([user, password])).toString('base64');
    if (this.#right.has(key)) return 'admitted';
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    if (this.#underWay.size >= mostWaiting) return 'busy';
    // One after the other: the scrapes get their turn between two of them.
    const checked = this.#turn.then(() => this.#verdict(user, password, key));
    this.#turn = checked.catch(() => {});
    this.#underWay.set(key, checked);
    return checked;
  }

  /** An unknown user costs what a known one does: his password is compared with somebody else's, in vain. */
  async #verdict(user: string, password: string, key: string): Promise<Verdict> {
    const [anybody = ''] = this.#users.values();
    try {
      const fits = await this.#compare(password, this.#users.get(user) ?? anybody);
      if (!fits || !this.#users.has(user)) return 'refused';
      this.#remember(key);
      return 'admitted';
    } finally {
      this.#underWay.delete(key);
    }
  }

  #remember(key: string): void {
    const [oldest] = this.#right;
    if (oldest !== undefined && this.#right.size >= mostRemembered) this.#right.delete(oldest);
    this.#right.add(key);
  }

  #digest(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest();
  }
}
