import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { Journal } from '../journal.ts';
import { openRun } from '../open-run.ts';
import type { DrillDeps } from '../run.ts';
import { cutDrill, type DrillPlace, drillDeps, nowhere } from '../testing/drill-deps.ts';
import { tempFolder } from '../testing/temp-folder.ts';
import { preflight } from './preflight.ts';

/** The preflight of a drill on a production link whose proxy does not answer: what refuses it first. */
async function refusal(place: Partial<DrillPlace>, deps: Partial<DrillDeps>): Promise<unknown> {
  const home = tempFolder();
  const stack = new AsyncDisposableStack();
  onTestFinished(() => stack.disposeAsync());
  const journal = stack.use(new Journal(`${home}/journal.ndjson`, () => {}));
  const link = { kind: 'link', control: nowhere, link: `db-${home}`, drillable: true, production: true };
  const all = drillDeps({ home, targets: { 'mes-db-link': link }, ...place }, deps);
  const run = openRun(cutDrill(), 'run', home, all, journal, stack);
  return preflight(run, stack).catch((error: unknown) => error);
}

const saturdays = { windows: [{ days: ['saturday'], from: '10:00', to: '14:00' }] };
const confirmed = { confirmedProduction: ['mes-db-link'] };
const clockAt = (text: string) => ({ clock: { ...systemClock, now: () => Date.parse(text) } });

test('Production is not touched before its name was confirmed.', async () => {
  expect(await refusal({ drills: saturdays }, clockAt('2026-12-05T10:00:00Z'))).toMatchObject({
    code: 'drill.production',
    mend: expect.stringContaining('--yes-production mes-db-link'),
  });
});

test('Production is not touched outside its drill window, and the next one is named.', async () => {
  const late = { ...confirmed, ...clockAt('2026-12-05T13:59:00Z') };
  expect(await refusal({ drills: saturdays }, late)).toMatchObject({
    code: 'drill.window',
    message: 'target mes-db-link is production, and the drill window closes in 1m, and this may take 4m',
    mend: expect.stringContaining('open from 2026-12-12T10:00:00.000Z'),
  });
  expect(await refusal({}, late)).toMatchObject({
    message: expect.stringContaining('no drill window is configured'),
  });
});

test('In its window, a confirmed production target is asked whether it answers.', async () => {
  expect(
    await refusal({ drills: saturdays }, { ...confirmed, ...clockAt('2026-12-05T10:00:00Z') }),
  ).toMatchObject({ code: 'drill.unreachable' });
});
