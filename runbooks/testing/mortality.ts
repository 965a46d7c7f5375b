/** What a process does at the moment of its death: throw (and never write again), or really die. */
export type Death = () => never;

/**
 * A process that dies at a chosen boundary. Every write of the store and the audit log, and every act of a step, has a boundary
 * before it and one after it; `dieAt` counts them from 1. Dead, it writes and acts no more, as after SIGKILL.
 */
export class Mortality {
  readonly #dieAt: number;
  readonly #death: Death;
  #passed = 0;
  #dead = false;

  constructor(dieAt: number, death: Death = throwDead) {
    this.#dieAt = dieAt;
    this.#death = death;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  /** How many boundaries it has passed alive. */
  get passed(): number {
    return this.#passed;
  }

  boundary(): void {
    if (this.#dead) throw new DeadError();
    this.#passed++;
    if (this.#passed < this.#dieAt) return;
    this.#dead = true;
    this.#death();
  }

  /** The same object, with a boundary before and after each call of these methods, also of the objects inside it. */
  mortal<T extends object>(object: T, methods: ReadonlySet<string>): T {
    return new Proxy(object, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value === 'object' && value !== null) return this.mortal(value, methods);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (this.#dead) throw new DeadError();
          if (methods.has(String(key))) this.boundary();
          const result: unknown = value.apply(target, args);
          if (methods.has(String(key))) this.boundary();
          return result;
        };
      },
    });
  }
}

/** What writes: in the store, and in the audit log. */
export const writingMethods: ReadonlySet<string> = new Set([
  'append',
  'start',
  'finish',
  'claim',
  'takeOver',
  'turnBack',
  'noteNeed',
  'transaction',
]);

/** The process is gone: nothing that it does from here on reaches the world. */
export class DeadError extends Error {
  constructor() {
    super('the process is dead');
    this.name = 'DeadError';
  }
}

function throwDead(): never {
  throw new DeadError();
}
