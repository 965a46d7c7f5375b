import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { InvalidFileError } from '../../kit/yaml-file.ts';
import { shippedSteps } from '../steps/registry.ts';
import { hashOfRunbook, parseRunbook } from './runbook.ts';

const whole = {
  id: 'mend-it',
  title: 'Mend it',
  triggers: [{ alert: 'MesDown', tier: 'A' }],
  inputs: { device: { label: 'device' } },
  mode: 'auto',
  target: 'mes-db',
  steps: [{ step: 'db.release-lock' }],
  verify: [{ name: 'healed', no_rows: 'SELECT 1 WHERE false' }],
};

const mistakes = (changes: Record<string, unknown>): string[] => {
  try {
    parseRunbook('it.yaml', stringify({ ...whole, ...changes }), shippedSteps);
    return [];
  } catch (error) {
    return error instanceof InvalidFileError ? error.problems.map(({ message }) => message) : [String(error)];
  }
};
const steps = (...entries: object[]) => mistakes({ steps: entries });

test('A whole runbook has no mistakes.', () => {
  expect(mistakes({})).toEqual([]);
});

test.for<[string, string[], RegExp]>([
  ['a trigger of nothing', mistakes({ triggers: [{ tier: 'A' }] }), /exactly one of alert, cron and event/],
  [
    'a time to make up for without a time',
    mistakes({ triggers: [{ event: 'x', catch_up: '4h' }] }),
    /catch_up makes up for times: it needs "cron"/,
  ],
  ['a trigger of two things', mistakes({ triggers: [{ alert: 'A', cron: '0 2 * * *' }] }), /exactly one of/],
  [
    'a cron of six fields',
    mistakes({ triggers: [{ cron: '0 0 2 * * *' }] }),
    /cron expression of five fields/,
  ],
  ['a cron of nonsense', mistakes({ triggers: [{ cron: '99 2 * * *' }] }), /cron expression of five fields/],
  ['labels of no alert', mistakes({ triggers: [{ event: 'x', labels: { a: 'b' } }] }), /they need "alert"/],
  ['a mode that is none', mistakes({ mode: { A: 'always' } }), /auto|approve|suggest/],
  ['a role that nobody has', mistakes({ approval: { roles: ['boss'] } }), /director|leader|maintainer/],
  ['a pattern that is none', mistakes({ inputs: { x: { pattern: '(' } } }), /no regular expression/],
  ['a condition without a limit', mistakes({ verify: [{ name: 'x', promql: 'up' }] }), /needs "expect"/],
  [
    'a condition that asks twice',
    mistakes({ verify: [{ name: 'x', promql: 'up', http: '/', expect: '== 1' }] }),
    /exactly one of/,
  ],
  [
    'an undo that must not be repeated',
    steps({ step: 'db.release-lock', undo: { step: 'db.release-lock' } }),
    /may not be carried out twice, and an undo must/,
  ],
  [
    'a value from outside inside a statement',
    steps({ step: 'sql', with: { query: "SELECT '${inputs.device}'" } }),
    /takes no placeholder: values from outside never become part of a statement/,
  ],
  [
    'a value that nobody declares',
    steps({ step: 'notify', with: { title: '${inputs.line}', text: 'x' } }),
    /no value for \$\{inputs\.line\}; declare it under "inputs"/,
  ],
  [
    'the result of a step outside of an undo',
    steps({ step: 'notify', with: { title: '${result.before}', text: 'x' } }),
    /no value for \$\{result\.before\}/,
  ],
])('%s is a mistake.', ([, found, expected]) => {
  expect(found.join('\n')).toMatch(expected);
});

test('Whatever a file holds, it is a runbook or its mistakes are named: nothing else happens.', () => {
  const value = fc.anything({ maxDepth: 3, withNullPrototype: false });
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(whole)), value, (key, written) => {
      let text: string;
      try {
        text = stringify({ ...whole, [key]: written });
      } catch {
        return; // Not every value of JavaScript can be written as YAML.
      }
      try {
        expect(parseRunbook('it.yaml', text, shippedSteps).id).toMatch(/^[a-z0-9-]+$/);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidFileError);
      }
    }),
    { numRuns: 300 },
  );
});

test('Another text is another runbook: its hash says so, and comments do not count.', () => {
  const one = parseRunbook('a.yaml', stringify(whole), shippedSteps);
  const commented = parseRunbook('b.yaml', `# why\n${stringify(whole)}`, shippedSteps);
  const other = parseRunbook('c.yaml', stringify({ ...whole, cool_down: '2m' }), shippedSteps);
  expect(hashOfRunbook(commented)).toBe(hashOfRunbook(one));
  expect(hashOfRunbook(other)).not.toBe(hashOfRunbook(one));
});
