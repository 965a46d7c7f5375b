import { z } from 'zod';
import type { AndonConfig } from '../config/andon-config.ts';
import { messageOf } from '../kit/errors.ts';
import { actsByItself, mode } from '../runbooks/schema/mode.ts';

/** Whether a runbook may act without a person, in words. */
export interface RunbookTrust {
  id: string;
  text: string;
}

const answer = z.array(
  z.object({
    id: z.string(),
    mode,
    trust: z.object({ mayAct: z.boolean(), because: z.string() }),
  }),
);

/** The service answers from its own disk. */
const answerWithinMs = 5000;

/** What the running service says of each runbook that is meant to act by itself. Throws when it does not answer. */
export async function runbookTrust({ runbooks, drills }: AndonConfig): Promise<RunbookTrust[]> {
  if (!runbooks) return [];
  const { host, port } = runbooks.listen;
  const url = drills.runbooks_url ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const headers = { authorization: `Bearer ${runbooks.token}` };
  try {
    const response = await fetch(`${url.replace(/\/$/, '')}/runbooks`, {
      headers,
      signal: AbortSignal.timeout(answerWithinMs),
    });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return answer.parse(await response.json()).flatMap((one) => (actsByItself(one.mode) ? trustOf(one) : []));
  } catch (error) {
    throw new Error(`does not answer at ${url} (${messageOf(error)}); start it with: andon runbook serve`, {
      cause: error,
    });
  }
}

function trustOf({ id, trust: { mayAct, because } }: z.output<typeof answer>[number]): RunbookTrust {
  return { id, text: `${mayAct ? 'may act by itself' : 'asks a person first'}: ${because}` };
}
