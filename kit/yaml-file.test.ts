import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { duration } from './duration.ts';
import { InvalidFileError, parseYaml } from './yaml-file.ts';

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

  it('with an alias that stands for nothing, or for more than can be, is refused and no failure of ours.', () => {
    expect(problemsOf('name: *who\n')).toEqual(['1:7 nothing is called &who before this']);
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

  it('that is no YAML is refused where it breaks.', () => {
    expect(problemsOf('name: x\nsteps: [\n')[0]).toMatch(/^[23]:/);
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
