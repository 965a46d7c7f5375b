/** The errors a person is meant to read: what failed, on what, and what to do now. */
export class AndonError extends Error {
  /** Stable, for scripts and tests: `yaml.invalid`, `lab.rabbitmq-missing`. */
  readonly code: string;
  /** What to do now, as one line. */
  readonly mend: string | undefined;

  constructor(code: string, message: string, options: { mend?: string | undefined; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.mend = options.mend;
  }
}

/** Wrong command, configuration or file: nothing was touched. Ends the CLI with 2. */
export class UsageError extends AndonError {}

/** A component is missing, or the preflight failed: it could not run. Ends the CLI with 3. */
export class UnavailableError extends AndonError {}

/** A guardrail or a signal stopped it; what was done has been undone. Ends the CLI with 4. */
export class StoppedError extends AndonError {}

/** Something could not be undone; `mend` says how to undo it by hand. Ends the CLI with 5. */
export class ResidueError extends AndonError {}

/** The text of anything thrown, its causes included: each once, as many a message repeats that of its cause. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  if (!(error instanceof Error)) return String(error);
  if (error.cause === undefined) return error.message;
  const cause = messageOf(error.cause);
  return error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
}
