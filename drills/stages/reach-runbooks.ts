import { messageOf, UnavailableError } from '../../kit/errors.ts';
import { rehearsedBy } from '../rehearsal.ts';
import type { Run } from '../run.ts';
import { type KnownRunbook, RunbookServiceError, type RunbookWatch } from '../runbook-watch.ts';

/** The runbook service must answer where the drill needs it, and know the runbook that the drill proves. */
export async function reachRunbooks(run: Run): Promise<void> {
  const rehearsed = rehearsedBy(run.drill);
  if (!rehearsed && run.drill.runbooks !== 'hold') return;
  const runbooks = await demandService(run);
  if (rehearsed) run.rehearsed = await demandRunbook(runbooks, rehearsed.name);
}

async function demandService({ runbooks }: Run): Promise<RunbookWatch> {
  const mend = 'Start it with: andon runbook serve, or mend drills.runbooks_url in andon.yaml';
  if (!runbooks)
    throw new UnavailableError(
      'drill.no-runbooks',
      'this drill needs the runbook service, and drills.runbooks_url is not set',
      { mend },
    );
  try {
    if (!(await runbooks.healthy())) throw new Error('not healthy');
  } catch (error) {
    throw new UnavailableError(
      'drill.no-runbooks',
      `the runbook service does not answer: ${messageOf(error)}`,
      { mend, cause: error },
    );
  }
  return runbooks;
}

async function demandRunbook(runbooks: RunbookWatch, name: string): Promise<KnownRunbook> {
  const found = (await listOf(runbooks)).find(({ id }) => id === name);
  if (found) return found;
  throw new UnavailableError('drill.no-runbook', `the runbook service has no runbook ${name}`, {
    mend: 'See: andon runbook list. Correct expect.runbook in the drill, or restart the service if the runbook is new. Nothing was touched.',
  });
}

async function listOf(runbooks: RunbookWatch): Promise<KnownRunbook[]> {
  try {
    return await runbooks.known();
  } catch (error) {
    const refused = error instanceof RunbookServiceError && error.status === 401;
    const mend = refused
      ? 'runbooks.token in andon.yaml is not the one that the service was started with: correct it, or restart the service. Nothing was touched.'
      : 'Use the same version of andon for the service and for drills. Nothing was touched.';
    throw new UnavailableError('drill.no-runbooks', messageOf(error), { mend, cause: error });
  }
}
