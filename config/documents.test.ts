import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseYaml } from '../kit/yaml-file.ts';
import { andonConfigSchema } from './andon-config.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const examples = globSync('docs/**/*.md', { cwd: root }).flatMap((file) => {
  const text = readFileSync(path.join(root, file), 'utf8');
  return [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml = ''], index) => ({
    name: `${file}, example ${index + 1}`,
    yaml,
  }));
});

/** Placeholders stand for texts; what they stand for is the reader's own. */
const expand = (text: string): string =>
  text.replaceAll(
    /\$\{(?:env|file):([^}]*)\}/g,
    (_, name: string) => `a-long-secret-of-the-plant-${name.replaceAll(/\W/g, '-')}`,
  );

describe('An example of andon.yaml in a document', () => {
  it('exists.', () => {
    expect(examples.length).toBeGreaterThan(10);
  });

  it.each(examples)('is valid: $name', ({ name, yaml }) => {
    expect(() => parseYaml(name, yaml, andonConfigSchema, { expand })).not.toThrow();
  });

  it('would be noticed if it were not.', () => {
    const wrong = 'exporter:\n  listen: everywhere\n  databasses: []\n';
    expect(() => parseYaml('wrong', wrong, andonConfigSchema, { expand })).toThrow(/wrong has 2 mistakes/);
  });
});
