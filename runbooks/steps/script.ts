import { z } from 'zod';
import { messageOf } from '../../kit/errors.ts';
import { type Step, type StepResult, type StepWorld, untouched } from '../step.ts';
import { allowedFile } from './script/allowed-file.ts';
import { type ProgramEnd, runProgram } from './script/run-program.ts';

/** What of an environment makes a program load or do something else. */
const notOurs =
  /^(?:PATH|LANG|LC_ALL|HOME|SHELL|IFS|ENV|BASH_.*|LD_.*|DYLD_.*|NODE_.*|PYTHON.*|PERL.*|RUBY.*|ANDON_.*)$/;

const word = z
  .string()
  .max(4096)
  .refine((text) => !text.includes('\0'), 'must not hold a zero byte');

const params = z.strictObject({
  /** The name of a program in the folder `runbooks.scripts`. */
  file: z
    .string()
    .regex(/^[A-Za-z0-9_][\w.-]*$/, 'must be the name of a file in the folder for scripts, without a path'),
  /** Words that are always the same, before `args`: options, the name of a subcommand. */
  options: z.array(word).default([]),
  /** Values. None may begin with a hyphen: it would be an option. */
  args: z.array(word).default([]),
  /** Values by name. */
  env: z
    .record(
      z
        .string()
        .regex(/^[A-Z][A-Z0-9_]*$/, 'must be capital letters, digits and _')
        .refine((name) => !notOurs.test(name), 'may not be set: it changes what the program itself does'),
      word,
    )
    .default({}),
  /** Whether running it twice does no more than running it once: the author vouches for that. */
  repeatable: z.boolean().default(false),
});
type Params = z.output<typeof params>;

/** Runs a program of your own, without a shell. */
export const script: Step<Params> = {
  kind: 'script',
  summary: 'run a program from the folder for scripts, without a shell',
  params,
  targets: [],
  placeholders: { file: 'refused', options: 'refused' },
  repeatable: ({ repeatable }) => repeatable,
  plan: ({ file, options, args, env }, { scripts, target }) => [
    {
      does: `run ${JSON.stringify([file, ...options, ...args])}${Object.keys(env).length === 0 ? '' : ` with ${JSON.stringify(env)}`}`,
      on: `this computer, in ${scripts ?? 'no folder: runbooks.scripts is not set'}${target ? ` (for ${target.name})` : ''}`,
      undo: 'none, unless the runbook has one: what the program does is not known',
    },
  ],
  async run(params, world, signal) {
    const { file, options, args } = params;
    const hyphen = args.find((arg) => arg.startsWith('-'));
    if (hyphen !== undefined)
      return untouched(
        'refused',
        `the value ${JSON.stringify(hyphen)} begins with a hyphen and would be an option of ${file}`,
      );
    if (signal.aborted) return untouched('failed', `stopped before ${file} was started`);
    const found = await allowedFile(world.scripts, file);
    if ('problem' in found) return untouched('refused', found.problem);
    const env = { ...params.env, ...environmentOf(world) };
    try {
      return resultOf(file, await runProgram({ ...found, args: [...options, ...args], env }, signal), signal);
    } catch (error) {
      return { outcome: 'failed', summary: `${file}: ${messageOf(error)}`, touched: null, details: {} };
    }
  },
};

/** No secret of ours, and nothing that differs from one computer to the next. */
const environmentOf = ({ run, operation, target }: StepWorld): Record<string, string> => ({
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  ANDON_RUN: String(run.id),
  ANDON_OPERATION: operation,
  ANDON_TARGET: target?.name ?? '',
});

function resultOf(file: string, end: ProgramEnd, signal: AbortSignal): StepResult {
  const { code, signal: by, stdout, stderr } = end;
  if (code === undefined) return untouched('failed', `${file} could not be started: ${messageOf(end.error)}`);
  const details = {
    code,
    signal: by,
    stdout: stdout.text,
    stderr: stderr.text,
    cut: stdout.cut + stderr.cut,
  };
  if (code === 0) return { outcome: 'succeeded', summary: `${file} ended with 0`, touched: 1, details };
  const how = code === null ? `was ended by ${by}` : `ended with ${code}`;
  const why = signal.aborted ? `, because the step was stopped` : lastLine(stderr.text);
  // What it had done by then, only it knows.
  return { outcome: 'failed', summary: `${file} ${how}${why}`, touched: null, details };
}

const lastLine = (text: string): string => {
  const line = text.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
  return line === '' ? '' : `: ${line}`;
};
