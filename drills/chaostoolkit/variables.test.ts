import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { action, ExperimentFolder, shell } from './testing/experiment-run.ts';

const touch = (name: string) => action(`touch ${name}`, ['touch', name]);

describe.concurrent('The variables of an experiment', () => {
  it('have the types that --var gives them, and come from --var-file, .env files too.', async () => {
    using folder = new ExperimentFolder({
      configuration: { n: 1, flag: false, word: 'w', host: { type: 'env', key: 'FROM_ENV_FILE' } },
      secrets: { g: { pw: 'inline' } },
      method: [action('show', ['printf', '%s,', '${n}', '${flag}', '${word}', '${host}', '${pw}'])],
    });
    writeFileSync(
      folder.file('v.yaml'),
      'configuration: {word: file, n: 9}\nsecrets: {g: {pw: given-by-file}}\n',
    );
    writeFileSync(folder.file('v.env'), '# a comment\nFROM_ENV_FILE=h=1\n');
    const given = [
      '--var',
      'n:int=5',
      '--var',
      'flag:bool=yes',
      '--var-file',
      'v.yaml',
      '--var-file',
      'v.env',
    ];
    expect((await folder.run('--allow-process', ...given)).code).toBe(0);
    expect(folder.journal().run[0]?.output).toMatchObject({ stdout: '5,True,file,h=1,******,' });
  });

  it('reach a program as they are: nothing in a value becomes a command.', async () => {
    using folder = new ExperimentFolder({
      configuration: { evil: '; touch pwned; $(touch pwned) `touch pwned`' },
      method: [action('echo', ['echo', '${evil}'])],
    });
    expect((await folder.run('--allow-process')).code).toBe(0);
    expect(folder.journal().run[0]?.output).toMatchObject({
      stdout: '; touch pwned; $(touch pwned) `touch pwned`\n',
    });
    expect(folder.has('pwned')).toBe(false);
  });

  it('show no secret in journal, event, line or error.', async () => {
    const secret = 'Tr0ub4dor&3 "x"';
    using folder = new ExperimentFolder({
      configuration: { db_password: 'hunter-two', port: 81 },
      secrets: { g: { pw: secret, deep: { key: 'deep-secret' } } },
      method: [
        action('echo', ['printf', '%s|%s|%s', '${pw}', 'deep-secret', '${db_password}']),
        {
          type: 'action',
          name: 'call',
          provider: {
            type: 'http',
            url: 'http://127.0.0.1:1/${pw}',
            headers: { Authorization: 'Bearer ${pw}' },
            timeout: 5,
          },
        },
      ],
    });
    const lines = await folder.run('--allow-process');
    const events = await folder.run('--allow-process', '--json');
    const everything = [folder.read('j.json'), lines.stdout, lines.stderr, events.stdout, events.stderr].join(
      '\n',
    );
    for (const hidden of ['Tr0ub4dor', 'deep-secret', 'hunter-two']) expect(everything).not.toContain(hidden);
    expect(folder.journal().run[0]).toMatchObject({
      output: { stdout: '******|******|******' },
      activity: { provider: { arguments: ['%s|%s|%s', '${pw}', '******', '${db_password}'] } },
    });
    expect(
      events.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).type),
    ).toContain('experiment-finished');
  });

  it('stand in the journal with their values.', async () => {
    using folder = new ExperimentFolder({
      title: 'port ${port}',
      configuration: { port: 81 },
      method: [action('echo', ['echo', '${port}'])],
    });
    await folder.run('--allow-process');
    const journal = folder.journal();
    expect(journal.experiment.title).toBe('port 81');
    expect(journal.run[0]?.activity).toMatchObject({ provider: { arguments: [81] } });
  });

  it('that make a pattern or a pause wrong are refused before anything runs.', async () => {
    using folder = new ExperimentFolder({
      configuration: { p: '[0-9', pause: 'soon' },
      'steady-state-hypothesis': {
        title: 'h',
        probes: [
          { ...shell('steady', 'true'), type: 'probe', tolerance: { type: 'regex', pattern: '${p}' } },
        ],
      },
      method: [{ ...touch('a'), pauses: { before: '${pause}' } }],
    });
    const { code, stderr } = await folder.run('--allow-process');
    expect(code).toBe(2);
    expect(stderr).toContain('a class that is not closed');
    expect(stderr).toContain('pauses.before is ${pause}, which is no number');
    expect(folder.has('a')).toBe(false);
  });
});
