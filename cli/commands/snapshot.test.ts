import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { connectPostgres } from '../../kit/postgres.ts';
import { startTestPostgres } from '../../lab/testing/postgres.ts';
import { halfDoneRollback } from '../../runbooks/testing/half-done-rollback.ts';
import { startAndon } from '../testing/andon-process.ts';
import { runCli } from '../testing/run-cli.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'andon-snapshot-cli-'));
  mkdirSync(path.join(cwd, 'config'));
  writeFileSync(path.join(cwd, 'config', 'mes.yaml'), 'one');
  const set = {
    folder: path.join(cwd, 'config'),
    store: path.join(cwd, 'store'),
    commands: { os: { capture: ['uname'] } },
  };
  const runbooks = { token: 'a-token-of-some-length', snapshots: { 'mes-config': set } };
  writeFileSync(path.join(cwd, 'andon.yaml'), stringify({ runbooks }));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const andon = (...args: string[]) => runCli(cwd, 'snapshot', ...args);

test('verify reads every copy again: 0 when all are whole, else 1 and the names of what is damaged.', async () => {
  await andon('create', 'mes-config');
  writeFileSync(path.join(cwd, 'config', 'mes.yaml'), 'two');
  await andon('create', 'mes-config', '--note', 'before 2.0');
  const whole = await andon('verify', 'mes-config');
  expect(whole.code).toBe(0);
  expect(whole.stdout.match(/whole/g)).toHaveLength(2);
  const objects = path.join(cwd, 'store', 'objects');
  const manifests = path.join(cwd, 'store', 'manifests');
  const [older = ''] = readdirSync(manifests);
  const { stdout } = await runCli(cwd, '--json', 'snapshot', 'list', 'mes-config');
  const [newest] = stdout
    .split('\n')
    .map((line) => (line === '' ? undefined : (JSON.parse(line) as { id: string }).id));
  const sha256 = createHash('sha256').update('two').digest('hex');
  writeFileSync(path.join(objects, sha256.slice(0, 2), sha256), 'tampered');
  const damaged = await andon('verify', 'mes-config');
  expect(damaged).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(`DAMAGED: mes.yaml: its copy ${sha256}`),
  });
  expect(damaged.stdout.match(/whole/g)).toHaveLength(1);
  expect((await andon('verify', 'mes-config', newest ?? '')).code).toBe(1);
  expect((await andon('verify', 'mes-config', path.basename(older, '.json'))).code).toBe(0);
  writeFileSync(path.join(manifests, older), 'torn');
  expect((await andon('verify', 'mes-config')).stdout).toContain('unreadable');
  expect((await andon('verify', 'mes-config', 'no-such-id')).code).toBe(2);
});

test('rollback says what it could not restore.', async () => {
  await andon('create', 'mes-config');
  writeFileSync(path.join(cwd, 'config', 'mes.yaml'), 'two');
  const text = stringify({
    runbooks: {
      token: 'a-token-of-some-length',
      snapshots: { 'mes-config': { folder: path.join(cwd, 'config'), store: path.join(cwd, 'store') } },
    },
  });
  writeFileSync(path.join(cwd, 'andon.yaml'), text);
  expect(await andon('rollback', 'mes-config')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('not restored: os: no command of the set is called so any more'),
  });
});

test('rollback takes migrations back only with --with-migrations, and says so.', async () => {
  await using postgres = await startTestPostgres();
  const url = await postgres.database('mes');
  const session = await connectPostgres({
    url,
    applicationName: 'test',
    statementTimeoutMs: 9000,
    lockTimeoutMs: 9000,
  });
  await session.query('CREATE TABLE migrations (id text)');
  writeFileSync(path.join(cwd, '1.sql'), 'DELETE FROM migrations');
  const database = { target: 'mes-db', applied: 'SELECT id FROM migrations', down: cwd };
  const snapshots = {
    'mes-config': { folder: path.join(cwd, 'config'), store: path.join(cwd, 'store'), database },
  };
  const targets = { 'mes-db': { kind: 'postgres', url } };
  const runbooks = { token: 'a-token-of-some-length', snapshots };
  writeFileSync(path.join(cwd, 'andon.yaml'), stringify({ targets, runbooks }));
  await andon('create', 'mes-config');
  await session.query(`INSERT INTO migrations VALUES ('1')`);
  expect(await andon('rollback', 'mes-config')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('--with-migrations'),
  });
  expect(await andon('rollback', 'mes-config', '--with-migrations')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('the migrations 1 are taken back (apply them again before you undo)'),
  });
  expect((await session.query('SELECT FROM migrations')).rowCount).toBe(0);
  await session.end();
}, 60_000);
test('A rollback that was broken off is named by list, verify, doctor and the runbook service, until it is carried out again.', async () => {
  await using half = await halfDoneRollback({ file: (name) => path.join(cwd, `half-${name}`) });
  const { section, to } = half;
  const runbooks = {
    ...{ token: 'a-token-of-some-length', listen: '127.0.0.1:0', snapshots: { config: section } },
  };
  writeFileSync(path.join(cwd, 'andon.yaml'), stringify({ runbooks }));
  const mend = `Carry it out again: andon snapshot rollback config ${to}`;
  const served = async () => {
    const { child, ended } = startAndon(cwd, 'runbook', 'serve');
    await Promise.race([ended, ...(child.stdout ? [once(child.stdout, 'data')] : [])]);
    child.kill('SIGTERM');
    return (await ended).output;
  };
  const all = async () => {
    const [list, verify, doctor] = [
      await andon('list', 'config'),
      await andon('verify', 'config'),
      await runCli(cwd, 'doctor'),
    ];
    return {
      list: list.stderr,
      verify: verify.stdout,
      code: verify.code,
      doctor: doctor.stdout,
      service: await served(),
    };
  };
  const atWork = await all();
  expect(atWork.code).toBe(0);
  for (const said of [atWork.list, atWork.verify, atWork.doctor, atWork.service])
    expect(said).not.toContain('broken off');
  await half.kill();
  const broken = await all();
  expect(broken.code).toBe(1);
  for (const said of [broken.list, broken.verify, broken.doctor, broken.service]) {
    expect(said).toContain('broken off');
    expect(said).toContain(mend);
  }
  expect((await andon('create', 'config')).stderr).toContain(mend);
  expect((await andon('rollback', 'config', to)).code).toBe(0);
  expect(await andon('verify', 'config')).toMatchObject({ code: 0 });
});
