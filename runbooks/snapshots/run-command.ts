import { spawn } from 'node:child_process';
import { messageOf, UnavailableError } from '../../kit/errors.ts';

/** Settings are text of kilobytes; what is more is not what the plant's engineer meant. */
const longestOutput = 64 * 1024 * 1024;

export interface CommandOptions {
  /** Who is run, for errors: `the command "routes" of the set "x"`. */
  what: string;
  /** Given on its standard input. */
  input?: Uint8Array;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** Runs a program without a shell, and returns what it printed. It is ended with all it has started when its time is over. */
export async function runCommand(
  [program = '', ...args]: readonly string[],
  { what, input, timeoutMs, signal }: CommandOptions,
): Promise<Buffer> {
  signal?.throwIfAborted();
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const kill = () => {
    if (child.pid !== undefined) endGroup(child.pid);
  };
  const output: Buffer[] = [];
  let [size, complaint, tooMuch] = [0, '', false];
  child.stdout.on('data', (piece: Buffer) => {
    size += piece.length;
    tooMuch = size > longestOutput;
    if (tooMuch) kill();
    else output.push(piece);
  });
  child.stderr.on('data', (piece: Buffer) => {
    complaint = `${complaint}${piece}`.slice(-500);
  });
  // Whoever does not read his input closes it: his exit code says whether that was right.
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  const limit = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
  limit.addEventListener('abort', kill, { once: true });
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${messageOf(error)}`));
    child.once('close', (code, by) => resolve(code === 0 ? undefined : `ended with ${code ?? by}`));
  });
  const problem = await ended;
  limit.removeEventListener('abort', kill);
  signal?.throwIfAborted();
  const timedOut = limit.aborted ? `did not end within ${timeoutMs / 1000} s` : undefined;
  const why = timedOut ?? (tooMuch ? `printed more than ${longestOutput} bytes` : problem);
  if (why === undefined) return Buffer.concat(output);
  throw new UnavailableError(
    'snapshot.command',
    `${what} (${program}) ${why}${complaint === '' ? '' : `: ${complaint.trim()}`}`,
  );
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
