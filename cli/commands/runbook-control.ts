import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { isoTime, systemClock } from '../../kit/clock.ts';
import { parseDuration } from '../../kit/duration.ts';
import { UsageError } from '../../kit/errors.ts';
import { AuditLog } from '../../runbooks/audit/audit.ts';
import type { RunbooksConfig } from '../../runbooks/config.ts';
import { answerQuestion } from '../../runbooks/people/answer-question.ts';
import { personWithToken } from '../../runbooks/people/people.ts';
import { RunStore } from '../../runbooks/store/store.ts';
import type { CommonOptions, Context } from '../context.ts';
import { exitCode } from '../exit-code.ts';
import { configured } from './runbook.ts';

/** What a person who says who they are has in their environment. */
const tokenVariable = 'ANDON_PERSON_TOKEN';

/** `andon runbook pause|resume|approve|reject`: what people decide, also while the service is down. */
export function registerRunbookControl(runbook: Command, program: Command, context: Context): void {
  runbook
    .command('pause')
    .description('the kill switch: from now on no runbook does anything, by itself or by hand')
    .option('--for <duration>', 'it ends by itself after this', '8h')
    .action((options: { for: string }) => pause(context, program.opts(), options.for));
  runbook
    .command('resume')
    .description('ends the pause, whoever began it')
    .action(() => resume(context, program.opts()));
  for (const [name, decision] of [
    ['approve', 'approved'],
    ['reject', 'rejected'],
  ] as const)
    runbook
      .command(`${name} <run>`)
      .description(`${name} a run that waits for it, as the person whose token is in ${tokenVariable}`)
      .option('--step <number>', 'the step that asks; the whole run when left out', '0')
      .option('--plan <hash>', 'the hash of the plan that you have seen (andon runbook history RUN --json)')
      .action((run: string, options: { step: string; plan?: string }) =>
        decide(context, program.opts(), { run, decision, ...options }),
      );
}

function opened({ store, audit }: RunbooksConfig): { store: RunStore; audit: AuditLog } & Disposable {
  using stack = new DisposableStack();
  const both = { store: stack.use(new RunStore(store)), audit: stack.use(new AuditLog(audit, systemClock)) };
  const owned = stack.move();
  return { ...both, [Symbol.dispose]: () => owned.dispose() };
}

const holderOf = (): string => `${userInfo().username} (paused by hand)`;

function pause(context: Context, options: CommonOptions, duration: string): void {
  const ms = parseDuration(duration);
  if (ms === undefined || ms === 0)
    throw new UsageError('runbook.pause', `"${duration}" is not a duration`, { mend: 'Write 30m, 8h or 2d' });
  using open = opened(configured(context, options).runbooks);
  const now = systemClock.now();
  const hold = { holder: holderOf(), expiresAt: now + ms };
  open.audit.append('hold.taken', { ...hold, expiresAt: isoTime(hold.expiresAt) });
  open.store.holds.put(hold, now);
  context.stdout.write(
    options.json
      ? `${JSON.stringify(hold)}\n`
      : `No runbook does anything until ${isoTime(hold.expiresAt)}. To end it: andon runbook resume\n`,
  );
}

function resume(context: Context, options: CommonOptions): void {
  using open = opened(configured(context, options).runbooks);
  const released = open.store.holds.release();
  if (released > 0) open.audit.append('hold.released', { holder: 'everybody', by: userInfo().username });
  context.stdout.write(released > 0 ? 'Runbooks may act again.\n' : 'They were not paused.\n');
}

function decide(
  context: Context,
  options: CommonOptions,
  wish: { run: string; step: string; plan?: string; decision: 'approved' | 'rejected' },
): void {
  const { runbooks } = configured(context, options);
  const person = personWithToken(runbooks.people, context.env[tokenVariable]);
  if (!person)
    throw new UsageError(
      'runbook.person',
      `${tokenVariable} is not the token of anybody under runbooks.people`,
      {
        mend: 'Set it to your own token, then run the same command again.',
      },
    );
  using open = opened(runbooks);
  const [runId, position] = [Number(wish.run), Number(wish.step)];
  const planHash = wish.plan ?? open.store.stored(runId)?.planHash ?? '';
  const deps = { ...open, clock: systemClock, log: context.log };
  const result = answerQuestion({ runId, position, planHash, decision: wish.decision, person }, deps);
  if (options.json) context.stdout.write(`${JSON.stringify(result)}\n`);
  else
    context.stdout.write(result.ok ? `${wish.decision} by ${person.name}\n` : `refused: ${result.reason}\n`);
  if (!result.ok) context.exit(exitCode.failed);
}
