import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/** Who may import whom: the table of the design. A room may always import itself, and everyone may import kit. */
const mayImport: Record<string, readonly string[]> = {
  kit: [],
  exporters: [],
  alerts: ['exporters'],
  dashboards: ['exporters', 'alerts'],
  runbooks: ['exporters', 'alerts'],
  loadtests: [],
  drills: ['exporters', 'alerts', 'loadtests'],
  plant: [],
  lab: ['exporters', 'alerts', 'dashboards', 'plant'],
  config: ['exporters', 'alerts', 'dashboards', 'runbooks', 'drills'],
  cli: ['exporters', 'alerts', 'dashboards', 'runbooks', 'loadtests', 'drills', 'plant', 'lab', 'config'],
  bench: [
    'exporters',
    'alerts',
    'dashboards',
    'runbooks',
    'loadtests',
    'drills',
    'plant',
    'lab',
    'config',
    'cli',
  ],
};

/** Integration tests start real servers through the lab, and may look into the plant. */
const testsMayImport = ['lab', 'plant', 'cli'];

interface Import {
  file: string;
  specifier: string;
}

/** The imports that the table forbids, as sentences. */
function forbidden(imports: readonly Import[]): string[] {
  return imports.flatMap(({ file, specifier }) => {
    if (!specifier.startsWith('.')) return [];
    const from = roomOf(file);
    const to = roomOf(path.join(path.dirname(file), specifier));
    if (to === from || to === 'kit') return [];
    const allowed = [...(mayImport[from] ?? []), ...(isTest(file) ? testsMayImport : [])];
    return allowed.includes(to) ? [] : [`${file} imports ${specifier}: ${from} may not import ${to}`];
  });
}

const roomOf = (file: string): string => path.normalize(file).split(path.sep)[0] ?? '';
const isTest = (file: string): boolean => file.endsWith('.test.ts') || file.includes('/testing/');

const files = globSync('**/*.ts', { exclude: ['node_modules/**', 'dist/**', '.andon/**', '.tools/**'] });
const rooms = files.filter((file) => file.includes(path.sep));

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const found = text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g);
  return [...found].map(([, specifier]) => ({ file, specifier: specifier ?? '' }));
}

const linesOf = (file: string): number => readFileSync(file, 'utf8').split('\n').length - 1;

describe('The house', () => {
  it('has only the rooms of the design.', () => {
    const unknown = new Set(rooms.map(roomOf).filter((room) => !(room in mayImport)));
    expect([...unknown]).toEqual([]);
  });

  it('lets no room import what the table does not allow.', () => {
    expect(forbidden(rooms.flatMap(importsOf))).toEqual([]);
  });

  it('would notice a forbidden import.', () => {
    const imports = [
      { file: 'drills/runner.ts', specifier: '../plant/settings.ts' },
      { file: 'kit/clock.ts', specifier: '../cli/main.ts' },
      { file: 'drills/runner.ts', specifier: '../kit/clock.ts' },
    ];
    expect(forbidden(imports)).toHaveLength(2);
  });

  it('reads the environment and ends the process only in the CLI and in the mains of processes of their own.', () => {
    const guilty = rooms.filter(
      (file) => !file.startsWith('cli/') && !isTest(file) && !file.startsWith('bench/'),
    );
    const mains = /(^|[-/])main\.ts$|run-process\.ts$/;
    const reading = guilty.filter(
      (file) => !mains.test(file) && /process\.(env\b|exit\()/.test(readFileSync(file, 'utf8')),
    );
    expect(reading).toEqual([]);
  });

  it('keeps every file at 250 lines or fewer.', () => {
    const long = rooms.filter((file) => linesOf(file) > 250).map((file) => `${file}: ${linesOf(file)} lines`);
    expect(long).toEqual([]);
  });
});
