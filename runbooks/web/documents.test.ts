import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { hmacSecret, WebWorld } from '../testing/web-world.ts';

const text = readFileSync(fileURLToPath(new URL('../../docs/runbooks/serve.md', import.meta.url)), 'utf8');
const has = (program: string) => spawnSync(program, ['--version']).error === undefined;

test.skipIf(!has('curl') || !has('openssl'))(
  'The example that signs with openssl and sends with curl is accepted; with another secret it is not.',
  async () => {
    await using web = await new WebWorld({ triggers: [{ event: 'shift.ended' }] }).start();
    const example = /^```sh\n(body=[\s\S]*?)^```$/m.exec(text)?.[1] ?? '';
    const script = example.replace('http://127.0.0.1:9467', web.url);
    expect(script).toContain(web.url);
    const run = (secret: string) =>
      new Promise<string>((resolve) => {
        const env = { PATH: process.env.PATH ?? '', ANDON_HMAC_SECRET: secret };
        execFile('bash', ['-c', script], { env }, (_error, stdout) => resolve(stdout));
      });
    expect(await run('another-secret')).toContain('the signature is wrong');
    expect(web.world.runs).toEqual([]);
    expect(JSON.parse(await run(hmacSecret))).toEqual({ runs: ['1'] });
  },
);

test('Every address that the document names is there.', async () => {
  await using web = await new WebWorld().start();
  const addresses = [...text.matchAll(/^\| (.*) \| (?:token|a person).*\|.*\|$/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/(GET|POST|PUT|DELETE)?[^`]*?(\/[\w/-]+)/g)].map(([, , path = '']) =>
      path.replace('/N', '/1'),
    ),
  );
  expect(addresses.length).toBeGreaterThan(10);
  for (const path of addresses) {
    const answers = await Promise.all(
      ['GET', 'POST', 'PUT', 'DELETE'].map((method) =>
        web.program(method, path, method === 'GET' ? undefined : {}),
      ),
    );
    // Something answers there that is not "there is no such address".
    const said = answers.map((answer) => answer.text);
    expect(
      said.some((one) => !one.includes('no such address')),
      path,
    ).toBe(true);
  }
});
