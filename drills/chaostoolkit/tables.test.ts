import { describe, expect, it } from 'vitest';
import { readExperiment } from './experiment.ts';
import { findByPath } from './json-path.ts';
import { compilePythonRegex } from './python-regex.ts';
import { substitute } from './substitute.ts';
import { outcome, readTables } from './testing/tables.ts';
import { withinTolerance } from './tolerance.ts';
import { loadVariables } from './variables.ts';

const tables = readTables();

/** What we refuse and they read: their functions. */
const refusedPaths = ['$.line.length()'];
/** What we read and they refuse, on purpose. */
const friendlierPaths = [`$['line']["name"]`];
const friendlierExperiments = ['a hypothesis may be null'];
/** What they read and we refuse, on purpose: a mistake that would otherwise be found by nobody. */
const stricterExperiments = ['an empty document is none'];

describe('What Chaos Toolkit makes of an input', () => {
  it.each(tables.jsonpath.cases)('JSONPath $path finds the same.', ({ path, theirs }) => {
    const ours = outcome(() => findByPath(path, tables.jsonpath.document));
    if (friendlierPaths.includes(path)) expect(ours).not.toBe('ERROR');
    else if (refusedPaths.includes(path)) expect(ours).toBe('ERROR');
    else expect(ours).toEqual(theirs);
  });

  it.each(tables.regex)('The pattern $pattern finds the same in $text.', ({ pattern, text, theirs }) => {
    const ours = outcome(() => compilePythonRegex(pattern).test(text));
    // Refusing is safe; finding something else would not be.
    if (ours === 'ERROR') expect(['(?>a)b', 'a++b', '[0-9', 'a**', '\\q']).toContain(pattern);
    else expect(ours).toBe(theirs);
  });

  it.each(tables.tolerance)('The tolerance $tolerance judges $value the same.', async (given) => {
    const ours = await withinTolerance(given.tolerance, given.value, {
      variables: { configuration: given.configuration ?? {}, secrets: {} },
      ask: () => Promise.resolve(false),
    });
    // Where they crash on a value of the wrong kind, we say that it is not within.
    expect(ours).toBe(given.theirs === 'ERROR' ? false : given.theirs);
  });

  it.each(tables.substitution)(
    'Names in $data become the same.',
    ({ data, configuration, secrets, theirs }) => {
      expect(substitute(data, { configuration, secrets })).toEqual(theirs);
    },
  );

  it.each(tables.configuration)('The configuration $configuration is read the same.', (given) => {
    const experiment = readExperiment(
      'e.json',
      JSON.stringify({ title: 't', description: 'd', method: [], configuration: given.configuration }),
    ).experiment;
    const vars = { configuration: given.vars, named: [], secrets: {}, environment: {} };
    const ours = outcome(() => loadVariables(experiment, vars, given.env).variables.configuration);
    expect(ours).toEqual(given.theirs);
  });

  it.each(tables.validation)('Of $case they and we think the same.', ({ case: name, experiment, theirs }) => {
    const ours = outcome(() => {
      const read = readExperiment('e.json', JSON.stringify(experiment)).experiment;
      loadVariables(read, { configuration: {}, named: [], secrets: {}, environment: {} }, {});
    });
    const valid = ours !== 'ERROR';
    if (friendlierExperiments.includes(name)) expect(valid).toBe(true);
    else if (stricterExperiments.includes(name)) expect(valid).toBe(false);
    else expect(valid).toBe(theirs);
  });
});
