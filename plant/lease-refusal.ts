import type { Response } from 'express';

/** What becomes of a wish for something that is leased; a refusal names who ended the asker's lease, if somebody did. */
export type LeaseAnswer<Code extends string = string> =
  | { ok: true }
  | { ok: false; code: Code; message: string; endedBy?: string | undefined };

export function refusal<Code extends string>(
  code: Code,
  message: string,
  endedBy?: string | undefined,
): LeaseAnswer<Code> {
  return { ok: false, code, message, endedBy };
}

/** Answers with what is there now, or with 409 and why not. */
export function answerLease(response: Response, answer: LeaseAnswer, now: () => object): void {
  if (answer.ok) response.json(now());
  else {
    const { code, message, endedBy } = answer;
    response.status(409).json({ error: { code, message, endedBy } });
  }
}
