import { describe, expect, it } from 'vitest';
import type { Targets } from '../kit/targets.ts';
import { InvalidFileError, parseYaml } from '../kit/yaml-file.ts';
import { faults } from './faults/registry.ts';
import { drillSchema } from './schema.ts';

const targets: Targets = {
  'mes-db': { kind: 'postgres', url: 'postgres://x/y', protect: [], drillable: true, production: false },
  'mes-db-link': {
    kind: 'link',
    control: 'http://x',
    link: 'mes-db',
    protocol: 'tcp',
    drillable: false,
    production: false,
  },
};
const vocabulary = { faults, alerts: new Map([['MesDown', ['A']]]), targets };

const good = `id: a-lock
title: A lock
cause: database
hypothesis: [{name: fine, promql: up, expect: '>= 1'}]
method: [{fault: db.lock, target: mes-db, with: {relation: work_orders}, for: 20s}]
`;

function problemsOf(text: string): string[] {
  try {
    parseYaml('d.yaml', text, drillSchema(vocabulary));
    return [];
  } catch (error) {
    if (!(error instanceof InvalidFileError)) throw error;
    return error.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
}

describe('A drill file', () => {
  it('that is right is accepted, with its defaults.', () => {
    const drill = parseYaml('d.yaml', good, drillSchema(vocabulary));
    expect(drill).toMatchObject({ baseline: 10_000, runbooks: 'act', method: [{ after: 0, for: 20_000 }] });
  });

  it('with five mistakes of every sort names all five with line and column.', () => {
    const bad = `id: A Lock
title: A lock
cause: databse
hypothesis: [{name: fine, promql: up, expect: 'good'}]
method:
  - {fault: db.lock, target: mes-bd, with: {relation: 5}, for: 20s}
  - {fault: db.lok, target: mes-db, for: 20s}
expect: {alerts: [{alert: MesDwn, tier: A}]}
`;
    const problems = problemsOf(bad);
    expect(problems.map((problem) => problem.split(':')[0])).toEqual(['1', '3', '4', '6', '6', '7', '8']);
    expect(problems.join('\n')).toContain(
      'unknown target "mes-bd"; did you mean "mes-db"? (db.lock needs postgres or mysql)',
    );
    expect(problems.join('\n')).toContain('unknown fault "db.lok"; did you mean "db.lock"?');
    expect(problems.join('\n')).toContain('unknown alert "MesDwn"; did you mean "MesDown"?');
  });

  it('cannot point a fault at a target of the wrong kind, or at one that is not drillable.', () => {
    expect(problemsOf(good.replace('target: mes-db', 'target: mes-db-link'))[0]).toContain('needs postgres');
    const cutIt = good.replace(
      /\{fault.*\}, for/,
      '{fault: network.cut, target: mes-db-link, with: {mode: drop}, for',
    );
    expect(problemsOf(cutIt)[0]).toContain('not drillable');
  });

  it('cannot have two faults at once of which one would end the other.', () => {
    const two = (after: string) =>
      good.replace('for: 20s}]', `for: 20s}, {fault: db.slow, target: mes-db, after: ${after}, for: 5s}]`);
    expect(problemsOf(two('10s'))[0]).toMatch(/^5:\d+ method.1: overlaps with db.lock/);
    expect(problemsOf(two('20s'))).toEqual([]);
  });

  it('asks exactly one question in a probe.', () => {
    expect(problemsOf(good.replace('promql: up', 'promql: up, sql: SELECT 1'))[0]).toContain('exactly one');
  });
});
