import { expect, test } from 'vitest';
import { logMatcher } from './log-files.ts';
import { targetsSchema } from './targets.ts';

const problems = (logs: object): (string | undefined)[] =>
  targetsSchema
    .safeParse({ server: { kind: 'host', logs } })
    .error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? [];

test('A host names its logs by a folder and a pattern; every mistake in them is named where it stands.', () => {
  expect(problems({ folder: '/var/log/mes', pattern: '*.log*' })).toEqual([]);
  expect(problems({ folder: '/var', pattern: '../*.log' })).toEqual([
    'server.logs.folder: must be a folder of its own, not one directly under /',
    'server.logs.pattern: must be the name of a file, in which * and ? may stand',
  ]);
  expect(problems({ folder: 'log', pattern: '*' })[0]).toMatch(
    /^server.logs.folder: must be an absolute path/,
  );
  expect(problems({ folder: '/var/log/mes' })).toHaveLength(1);
});

test('A pattern matches whole names: * any characters, ? one, everything else itself, hidden files only where the dot is written.', () => {
  const names = ['mes-1.log', 'mes-12.log', 'mes-1xlog', 'a-mes-1.log', '.mes-1.log'];
  const matched = (pattern: string) => names.filter(logMatcher(pattern));
  expect(matched('mes-?.log')).toEqual(['mes-1.log']);
  expect(matched('mes-*.log')).toEqual(['mes-1.log', 'mes-12.log']);
  expect(matched('*.log')).toEqual(['mes-1.log', 'mes-12.log', 'a-mes-1.log']);
  expect(matched('.*')).toEqual(['.mes-1.log']);
});
