import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { type Clock, systemClock } from '../../kit/clock.ts';
import { listen } from '../../kit/http-server.ts';
import { Journal } from '../journal.ts';
import { openRun } from '../open-run.ts';
import type { Run } from '../run.ts';
import { cutDrill, drillDeps, nowhere } from '../testing/drill-deps.ts';
import { tempFolder } from '../testing/temp-folder.ts';
import { GuardrailTripped, watchGuardrails } from './watch.ts';

/** A run whose drill has this one guardrail, watched until the test ends. */
async function watched(drill: object, clock: Clock = systemClock): Promise<Run> {
  const home = tempFolder();
  const stack = new AsyncDisposableStack();
  onTestFinished(() => stack.disposeAsync());
  const journal = stack.use(new Journal(`${home}/journal.ndjson`, () => {}));
  const run = openRun(cutDrill(drill), 'run', home, drillDeps({ home }, { clock }), journal, stack);
  stack.use(watchGuardrails(run));
  return run;
}

const stopped = ({ signal }: Run): Promise<unknown> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });

/** A page with one status, and how often it was asked. */
async function page(status: number): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const app = express().use((_request, response) => {
    asked += 1;
    response.status(status).end();
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0 });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { url: server.url, asked: () => asked };
}

test('A guardrail stops the drill when its limit is passed, and the journal says at which value.', async () => {
  const { url } = await page(503);
  const run = await watched({ guardrails: [{ name: 'safety page', http: url, stop_when: '>= 500' }] });
  expect(await stopped(run)).toEqual(new GuardrailTripped('guardrail "safety page" tripped: 503 >= 500'));
  expect(run.journal.events).toMatchObject([{ type: 'guardrail', name: 'safety page', value: 503 }]);
});

test('A guardrail that holds, or that is silent and may be, stops nothing.', async () => {
  const fine = await page(200);
  const run = await watched({
    guardrails: [
      { name: 'silent', http: nowhere, stop_when: '>= 500' },
      { name: 'fine', http: fine.url, stop_when: '>= 500', stop_when_silent_for: '1ms' },
    ],
  });
  await expect.poll(fine.asked, { timeout: 20_000 }).toBeGreaterThan(2);
  expect(run.signal.aborted).toBe(false);
});

test('A guardrail without an answer for longer than it allows stops the drill.', async () => {
  const begin = Date.now();
  let now = begin;
  // Two seconds pass, in which it looks three times; then time stands still.
  const sleep: Clock['sleep'] = async (ms, signal) => {
    if (now - begin >= 2000) return systemClock.sleep(3_600_000, signal);
    now += ms;
  };
  const run = await watched(
    { guardrails: [{ name: 'blind', http: nowhere, stop_when: '>= 500', stop_when_silent_for: '1500ms' }] },
    { now: () => now, sleep },
  );
  expect(String(await stopped(run))).toMatch(/guardrail "blind" tripped: no answer for 2 s/);
  expect(run.journal.events).toMatchObject([{ type: 'guardrail', name: 'blind', value: null }]);
});

test('A drill is stopped after its longest duration, with the advice where to look.', async () => {
  const run = await watched({
    baseline: '0s',
    max_duration: '100ms',
    expect: { recover_within: '10ms', drain_within: '10ms' },
  });
  expect(await stopped(run)).toMatchObject({
    code: 'drill.too-long',
    message: 'the drill was not over after its max_duration of 100ms',
  });
});
