import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../config/andon-config.ts';
import { faultOf } from '../drills/faults/registry.ts';
import { runCli } from './testing/run-cli.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const folder = mkdtempSync(path.join(tmpdir(), 'andon-readme-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The fenced blocks of a language. */
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(([, text]) => text ?? '');

/** Every `andon …` that README tells a user to type, without its options and arguments. */
const commands = [...readme.matchAll(/(?:npm run -s andon --|^andon) ([a-z]+(?: [a-z]+)?)/gm)].map(
  ([, words]) => (words ?? '').split(' '),
);

describe('README', () => {
  it.each([...new Set(commands.map((words) => words.join(' ')))])(
    'names a command that exists: andon %s',
    async (words) => {
      const { code, stdout } = await runCli(folder, ...words.split(' '), '--help');
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`Usage: andon .*${words.split(' ').at(-1)}`));
    },
  );

  it('would not pass with a command that does not exist.', async () => {
    expect((await runCli(folder, 'frobnicate', '--help')).stdout).not.toMatch(/Usage: andon .*frobnicate/);
  });

  it('shows an andon.yaml that is valid.', () => {
    const text = blocks('yaml').find((block) => block.startsWith('targets:')) ?? '';
    const file = path.join(folder, 'andon.yaml');
    writeFileSync(file, text.replaceAll(/\$\{file:[^}]+\}/g, 'a-secret-of-sixteen'));
    const config = loadConfig(file, { MES_DB_PASSWORD: 'secret' });
    expect(Object.keys(config.targets)).toEqual(['mes', 'mes-db', 'mes-queue']);
  });

  it('shows a fault whose parameters are accepted.', () => {
    const [, kind = '', relation = ''] = /\{fault: ([\w.]+),.*with: \{relation: (\w+)\}/.exec(readme) ?? [];
    expect(faultOf(kind).params.safeParse({ relation })).toMatchObject({ success: true });
  });
});
