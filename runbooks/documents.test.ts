import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseRunbook } from './schema/runbook.ts';
import { shippedSteps } from './steps/registry.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What an example of steps or checks leaves out. */
const rest = {
  inputs: { line: {}, device: {}, alert: {} },
  id: 'example',
  title: 'An example',
  target: 'mes-db',
  steps: [{ step: 'snapshot.rollback', with: { set: 'a', to: 'newest' } }],
};

const examples = globSync('docs/runbooks/*.md', { cwd: root }).flatMap((file) => {
  const text = readFileSync(path.join(root, file), 'utf8');
  return [...text.matchAll(/^```yml\n([\s\S]*?)^```$/gm)].map(([, yaml = ''], index) => ({
    name: `${file}, example ${index + 1}`,
    yaml,
  }));
});

/** What stands in alertmanager.yml has its own test. */
const runbooks = examples.filter(({ yaml }) => !/^receivers:/m.test(yaml));

/** The whole runbook that an example is, or is a part of. */
function whole(yaml: string): string {
  const value = parse(yaml) as object;
  return stringify(Array.isArray(value) ? { ...rest, steps: value } : { ...rest, ...value });
}

describe('An example in a document on runbooks', () => {
  it('exists.', () => {
    expect(runbooks.length).toBeGreaterThan(1);
  });

  it.each(runbooks)('is accepted: $name', ({ name, yaml }) => {
    expect(() => parseRunbook(name, whole(yaml), shippedSteps)).not.toThrow();
  });

  it('would be noticed if it were not.', () => {
    expect(() => parseRunbook('wrong', whole('- step: db.relase-lock\n'), shippedSteps)).toThrow(
      /did you mean/,
    );
  });
});

describe('The documents on runbooks', () => {
  const texts = globSync('docs/runbooks/*.md', { cwd: root }).map((file) =>
    readFileSync(path.join(root, file), 'utf8'),
  );
  const names = (kind: string) =>
    texts.some((text) => text.includes(`\`${kind}\``) || text.includes(`\`${kind} {`));

  it.each(shippedSteps.map(({ kind }) => kind))('explain the step %s.', (kind) => {
    expect(names(kind)).toBe(true);
  });

  it('would be found to leave one out.', () => {
    expect(names('coffee.brew')).toBe(false);
  });
});
