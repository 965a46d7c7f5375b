import { z } from 'zod';
import type { SendResult } from '../channel.ts';
import { type Answer, statusText } from './post.ts';
import { safeReason } from './reason.ts';

/** What one robot means by its codes; a code that stands nowhere is a refusal. */
export interface RobotCodes {
  /** Too many messages, by code; how long it keeps that up. */
  readonly tooFast: readonly number[];
  readonly tooFastMs: number;
  /** Trouble of its own that passes. */
  readonly passing: readonly number[];
  /** What to do about a refusal, where it can be told from the code. */
  readonly mend: Readonly<Record<number, string>>;
}

const robotAnswer = z.object({ errcode: z.number(), errmsg: z.string().catch('') });

/** Whether a robot has delivered: it says so in `errcode`, whatever the HTTP status. */
export function robotResult(answer: Answer, codes: RobotCodes, secrets: readonly string[]): SendResult {
  const found = robotAnswer.safeParse(jsonIn(answer.text));
  if (!found.success) return { outcome: 'retry', reason: strangerReason(answer, secrets) };
  const { errcode, errmsg } = found.data;
  if (errcode === 0) return { outcome: 'delivered' };
  const mend = codes.mend[errcode] === undefined ? '' : ` (${codes.mend[errcode]})`;
  const reason = safeReason(`errcode ${errcode}${mend}: ${errmsg}`, secrets);
  if (codes.tooFast.includes(errcode)) return { outcome: 'retry', reason, afterMs: codes.tooFastMs };
  return { outcome: codes.passing.includes(errcode) ? 'retry' : 'refused', reason };
}

/** A proxy, a login page, a broken gateway: the robot itself has said nothing, so it may yet. */
function strangerReason(answer: Answer, secrets: readonly string[]): string {
  const said = answer.text === '' ? 'with nothing' : `with "${answer.text.slice(0, 100)}"`;
  return safeReason(
    `${statusText(answer)} ${said} instead of an errcode: something else than the robot answers`,
    secrets,
  );
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
