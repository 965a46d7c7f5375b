import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidFileError } from '../../kit/yaml-file.ts';
import { isExperiment, readExperiment } from './experiment.ts';

/** What is wrong with a file, as `line:column message`. */
function problemsOf(file: string, text: string): string[] {
  try {
    readExperiment(file, text);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidFileError)) throw error;
    return error.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
}

const withProvider = (provider: string) =>
  `title: t\ndescription: d\nmethod:\n  - type: action\n    name: a\n    provider: ${provider}\n`;

describe('An experiment file', () => {
  it('has all its mistakes named at once, with line and column.', () => {
    const text = `{
  "title": "",
  "descripton": "d",
  "steady-state-hypothesis": {"title": "h", "probes": [
    {"type": "probe", "name": "p", "tolerence": 1, "provider": {"type": "http", "url": "localhost"}},
    {"ref": "nobody", "tolerance": {"type": "regex", "pattern": "[0-9"}}
  ]},
  "method": [{"type": "act", "name": "a", "provider": {"type": "pizza"}}, {"ref": "nobody"}],
  "runtime": {"rollbacks": {"strategy": "sometimes"}}
}`;
    expect(problemsOf('e.json', text)).toEqual([
      expect.stringMatching(/^1:1 description: is missing/),
      '2:12 title: must not be empty',
      '3:17 descripton: unknown key; did you mean "description"?',
      expect.stringMatching(/^5:5 .*probes\.0\.tolerance: is missing/),
      expect.stringContaining(
        '5:49 steady-state-hypothesis.probes.0.tolerence: unknown key; did you mean "tolerance"?',
      ),
      expect.stringContaining('"localhost" is not a http or https address'),
      expect.stringContaining(
        '6:13 steady-state-hypothesis.probes.1.ref: no activity of the method or the hypothesis is called "nobody"',
      ),
      expect.stringMatching(/^6:\d+ .*pattern \[0-9: a class that is not closed/),
      expect.stringMatching(/^8:23 method\.0\.type: /),
      expect.stringMatching(/^8:64 method\.0\.provider\.type: /),
      expect.stringContaining('8:83 method.1.ref: no activity'),
      expect.stringMatching(/^9:41 runtime\.rollbacks\.strategy: /),
    ]);
  });

  it.each([
    ['chaosk8s.pod.actions', 'terminate_pods', 'kubectl'],
    ['chaosaws.ec2.actions', 'stop_instances', 'aws program'],
    ['chaosprometheus.probes', 'query', 'promql probe'],
    ['chaostoxi.toxic.actions', 'create_toxic', 'network.latency'],
    ['chaoslib.provider.process', 'run', 'type: process'],
    ['os.path', 'exists', 'process provider'],
    ['my.module', 'my_func', 'python3'],
  ])('refuses %s.%s by name and says what to use instead.', (module, func, advice) => {
    const [problem] = problemsOf('e.yaml', withProvider(`{type: python, module: ${module}, func: ${func}}`));
    expect(problem).toContain(`6:15 method.0.provider: python provider ${module}.${func} is not run here`);
    expect(problem).toContain(advice);
  });

  it('refuses Vault and safeguards, each with the mend.', () => {
    const text = `title: t
description: d
controls: [{name: s, provider: {type: python, module: chaosaddons.controls.safeguards}}]
secrets: {g: {pw: {type: vault, path: secret/pw}}}
method: []
`;
    const problems = problemsOf('e.yaml', text);
    expect(problems).toEqual([
      expect.stringContaining('guardrails'),
      expect.stringContaining('vault kv get'),
    ]);
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual(['3:12', '4:19']);
  });

  it('refuses a JSONPath that is not understood before anything runs.', () => {
    const text = `title: t
description: d
steady-state-hypothesis:
  title: h
  probes:
    - {type: probe, name: p, provider: {type: http, url: 'http://h/'}, tolerance: {type: jsonpath, path: '$.a.length()'}}
method: []
`;
    expect(problemsOf('e.yaml', text)).toEqual([
      expect.stringContaining('functions such as length() are not supported'),
    ]);
  });

  it('may hold keys that nobody knows, as long as they are no slips.', () => {
    const text = `title: t
description: d
x-tittle: ours
vendor: {id: 1}
contributions: {availability: high}
tags: [a]
method: []
`;
    expect(problemsOf('e.yaml', text)).toEqual([]);
  });

  it('with a mistake in its syntax is told so.', () => {
    expect(problemsOf('e.json', '{"title": "t",\n "method": [')[0]).toMatch(/^2:/);
  });

  it('never ends in anything but a list of mistakes, whatever is in it.', () => {
    const key = fc.constantFrom(
      'title',
      'method',
      'type',
      'name',
      'provider',
      'ref',
      'tolerance',
      'probes',
      'url',
      'pauses',
    );
    const word = fc.constantFrom(
      'probe',
      'action',
      'http',
      'process',
      'python',
      'regex',
      'jsonpath',
      'http://h/',
      '$.a[',
      '${x}',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        word,
        fc.integer(),
        fc.constant(null),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 5 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(key, tree, { maxKeys: 6 }), (document) => {
        problemsOf('e.json', JSON.stringify({ description: 'd', ...document }));
      }),
      { numRuns: 300 },
    );
  });
});

describe('The document', () => {
  it('shows an experiment that is one.', () => {
    const text = readFileSync(new URL('../../docs/drills/chaos-toolkit.md', import.meta.url), 'utf8');
    const example = /```json\n(.*?)```/s.exec(text)?.[1] ?? '';
    expect(isExperiment('scales.json', example)).toBe(true);
    expect(problemsOf('scales.json', example)).toEqual([]);
  });
});

describe('A file is an experiment of Chaos Toolkit', () => {
  it.each([
    ['it has a steady-state-hypothesis', 'e.yaml', 'steady-state-hypothesis: {}', true],
    ['its method has providers', 'e.yaml', 'method: [{provider: {}}]', true],
    ['it is JSON, if only nearly', 'e.json', '{"title": ', true],
    ['it has no method yet', 'e.yaml', 'title: t\ndescription: d', true],
    ['not when it is a drill of ours', 'e.yaml', 'id: a\ntitle: t\nmethod: [{fault: db.lock}]', false],
    ['not when it is a suite of ours', 'e.yaml', 'title: t\ndescription: d\ndrills: []', false],
    ['not when its YAML is broken', 'e.yaml', 'title: [', false],
    ['not when it is a list', 'e.json', '[1]', false],
  ])('when %s.', (_why, file, text, expected) => {
    expect(isExperiment(file, text)).toBe(expected);
  });
});
