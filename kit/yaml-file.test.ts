import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { duration } from './duration.ts';
import { glance, InvalidFileError, parseYaml } from './yaml-file.ts';

const schema = z.strictObject({
  name: z.string(),
  wait: duration.prefault('5s'),
  steps: z
    .array(z.strictObject({ verb: z.enum(['cut', 'lock']), times: z.int().min(1).default(1) }))
    .default([]),
});

function problemsOf(text: string, options = {}): string[] {
  try {
    parseYaml('a.yaml', text, schema, options);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidFileError)) throw error;
    return error.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
}

describe('A YAML file', () => {
  it('is parsed with its defaults filled in.', () => {
    const parsed = parseYaml('a.yaml', 'name: x\nsteps: [{verb: cut}]\n', schema);
    expect(parsed).toEqual({ name: 'x', wait: 5000, steps: [{ verb: 'cut', times: 1 }] });
  });

  it('with aliases that stand for more than can be is refused and no failure of ours.', () => {
    const doubled = Array.from({ length: 20 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(9)}x]`);
    expect(problemsOf(`a0: &a0 [x]\n${doubled.join('\n')}\n`)).toEqual([
      expect.stringMatching(/^1:1 Excessive alias count/),
    ]);
  });

  it('with five mistakes names all five, each with line and column.', () => {
    const text = 'nam: x\nwait: soon\nsteps:\n  - {verb: kut}\n  - {verb: cut, times: 0}\n';
    const problems = problemsOf(text);
    expect(problems).toHaveLength(5);
    expect(problems[0]).toMatch(/^1:1 /);
    expect(problems.join('\n')).toContain('unknown key "nam"; did you mean "name"?');
    expect(problems.find((problem) => problem.startsWith('2:7'))).toContain('write 500ms, 30s, 5m or 1h30m');
    expect(problems.find((problem) => problem.startsWith('4:'))).toContain('cut');
    expect(problems.find((problem) => problem.startsWith('5:'))).toContain('times');
  });

  it('says what would be right where a word, a duration or a list is wrong.', () => {
    const text =
      'name: [x]\nwait: 10\nsteps:\n  - {verb: lokc}\n  - {verb: 7}\n  - {verb: cut, times: 1.5}\n';
    expect(problemsOf(text)).toEqual([
      '1:7 name: must be: string; this is: array',
      '2:7 wait: "10" is not a duration; write 500ms, 30s, 5m or 1h30m',
      '4:12 steps.0.verb: must be one of cut, lock; did you mean "lock"?',
      '5:12 steps.1.verb: must be one of cut, lock',
      '6:24 steps.2.times: must be: int; this is: number',
    ]);
    expect(problemsOf('wait: 1s\n')).toEqual(['1:1 name: is missing; it must be: string']);
  });

  it('that is no YAML is refused where it breaks.', () => {
    expect(problemsOf('name: x\nsteps: [\n')[0]).toMatch(/^[23]:/);
  });

  it('with an alias of nothing is refused where that stands, and one of something is followed.', () => {
    expect(problemsOf('name: *x\n')).toEqual(['1:7 *x names nothing; write "*x" where it is a text']);
    expect(problemsOf('name: &x y\nwait: *x\n')[0]).toContain('"y" is not a duration');
  });

  it('whose aliases unfold without end is refused.', () => {
    const lists = 'bcdefghi'.split('').map((name, index) => {
      const before = 'abcdefgh'[index];
      return `${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`;
    });
    expect(problemsOf(['a: &a [x]', ...lists, ''].join('\n'))[0]).toMatch(/alias/i);
  });

  it('names unknown keys inside lists with the right line.', () => {
    const problems = problemsOf('name: x\nsteps:\n  - verb: cut\n    tmes: 2\n');
    expect(problems).toEqual(['4:5 steps.0: unknown key "tmes"; did you mean "times"?']);
  });

  it('tells on which line a placeholder could not be filled in.', () => {
    const expand = (text: string) => {
      if (text.includes('${')) throw new Error('no such secret');
      return text;
    };
    expect(problemsOf('name: ${env:X}\n', { expand })).toEqual(['1:7 no such secret']);
  });
});

it('A first look at a file tells what it says, and nothing of one that cannot be told.', () => {
  expect(glance('{"id": "x"}')).toEqual({ id: 'x' });
  expect(glance('id: *x')).toBeUndefined();
});
