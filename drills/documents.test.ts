import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { alertsSection } from '../alerts/config.ts';
import { rulesOf } from '../alerts/rules/catalogue.ts';
import { parseYaml } from '../kit/yaml-file.ts';
import { faults } from './faults/registry.ts';
import { linksConfigSchema } from './proxy/config.ts';
import { drillSchema } from './schema.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const alerts = new Map(rulesOf(alertsSection.parse({})).map(({ name, tier }) => [name, [String(tier)]]));
const drill = drillSchema({ faults, alerts });

/** What an example of a method leaves out. */
const rest = {
  id: 'example',
  title: 'An example',
  cause: 'load',
  hypothesis: [{ name: 'up', promql: 'up', expect: '>= 1' }],
  max_duration: '1h',
};

const examples = globSync('docs/drills/*.md', { cwd: root }).flatMap((file) => {
  const text = readFileSync(path.join(root, file), 'utf8');
  return [...text.matchAll(/^```yml\n([\s\S]*?)^```$/gm)].map(([, yaml = ''], index) => ({
    name: `${file}, example ${index + 1}`,
    yaml,
  }));
});
const isWith = (key: string) => (example: { yaml: string }) => new RegExp(`^${key}:`, 'm').test(example.yaml);

describe('An example in a document on drills', () => {
  it('exists for drills and for links.', () => {
    expect(examples.filter(isWith('method')).length).toBeGreaterThan(8);
    expect(examples.filter(isWith('links')).length).toBeGreaterThan(1);
  });

  it.each(examples.filter(isWith('method')))('is a drill that is accepted: $name', ({ name, yaml }) => {
    const whole = stringify({ ...rest, ...(parse(yaml) as object) });
    expect(() => parseYaml(name, whole, drill)).not.toThrow();
  });

  it.each(examples.filter(isWith('links')))(
    'is a file of links that is accepted: $name',
    ({ name, yaml }) => {
      expect(() => parseYaml(name, yaml, linksConfigSchema)).not.toThrow();
    },
  );

  it('would be noticed if it were not.', () => {
    const wrong = stringify({ ...rest, method: [{ fault: 'db.lok', target: 'mes-db', for: '1s' }] });
    expect(() => parseYaml('wrong', wrong, drill)).toThrow(/did you mean "db.lock"/);
  });
});
