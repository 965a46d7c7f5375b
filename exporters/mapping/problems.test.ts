import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { UsageError } from '../../kit/errors.ts';
import { targetsSchema } from '../../kit/targets.ts';
import { InvalidFileError, parseYaml } from '../../kit/yaml-file.ts';
import { exporterSection } from '../config.ts';
import { exporterProblems } from '../config-problems.ts';
import { mappingOf, readMapping, withMappingFilesFrom } from './read-mapping.ts';

const testdata = path.join(import.meta.dirname, 'testdata');
const targets = targetsSchema.parse({
  mes: { kind: 'mes', url: 'http://127.0.0.1', database: 'mes-db' },
  'mes-db': { kind: 'postgres', url: 'postgres://127.0.0.1/mes' },
  'erp-db': { kind: 'mysql', url: 'mysql://127.0.0.1/erp' },
});

/** The mistakes in a file, as a person reads them; none where it is accepted. */
function mistakesIn(read: () => unknown): string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!(error instanceof InvalidFileError)) throw error;
    return error.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
}

/** What the file itself says that is wrong with it: its last lines, which begin with `# ✗`. */
const expectedIn = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^# ✗ (.*)$/gm)].map(([, line]) => line ?? '');

const andonYaml = z.strictObject({ targets: targetsSchema, exporter: exporterSection });
const readAndonYaml = (file: string) =>
  parseYaml(file, readFileSync(file, 'utf8'), andonYaml, {
    extra: ({ exporter, targets: own }) => exporterProblems(exporter, own),
  });

describe('a mapping with mistakes', () => {
  const files = globSync('invalid-*.yaml', { cwd: testdata }).toSorted();

  it.each(files)('%s is refused with every mistake, its line and its column', (name) => {
    const file = path.join(testdata, name);
    const isAndonYaml = name.endsWith('.andon.yaml');
    const found = mistakesIn(() => (isAndonYaml ? readAndonYaml(file) : readMapping(file, targets)));
    expect(found).toEqual(expectedIn(file));
    expect(found.length).toBeGreaterThan(0);
  });

  it('that cannot be read is said to be so, and what to do', () => {
    expect(() => readMapping(path.join(testdata, 'none.yaml'), targets)).toThrow(UsageError);
  });
});

describe('the mapping of an MES', () => {
  const configOf = (mappings: object) => exporterSection.parse({ mappings });
  const collectorsOf = (mappings: object) => {
    const config = withMappingFilesFrom(import.meta.dirname, configOf(mappings));
    return mappingOf(config, 'mes', targets).queries.map(({ name }) => name);
  };

  it('is that of the reference plant, the one of a file beside andon.yaml, or the one that stands there', () => {
    const shipped = ['work_orders', 'transitions', 'line_output', 'devices', 'outbox', 'signatures'];
    expect(collectorsOf({})).toEqual(shipped);
    expect(collectorsOf({ mes: { use: 'reference-plant' } })).toEqual(shipped);
    expect(collectorsOf({ mes: { headers: { Authorization: 'Bearer x' } } })).toEqual(shipped);
    expect(collectorsOf({ mes: { file: './reference-plant.yaml' } })).toEqual(shipped);
    expect(collectorsOf({ mes: { check: '/health' } })).toEqual([]);
  });

  it('may have the same metric twice where something tells the series apart', () => {
    const pending = (entity: string) => ({
      metric: 'mes_sync_pending_records',
      value: 'n',
      fixed: { source: 'erp', destination: 'mes', entity },
    });
    const queries = [
      { name: 'sync', target: 'erp-db', sql: 'SELECT 1', metrics: [pending('a'), pending('b')] },
    ];
    expect(exporterProblems(configOf({ mes: { queries } }), targets)).toEqual([]);
  });
});
