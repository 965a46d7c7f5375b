import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Keeper, startKeeper } from '../../kit/keeper.ts';
import { silentLog } from '../../kit/log.ts';
import { connectMysql } from '../../kit/mysql.ts';
import { freePorts } from '../../kit/ports.ts';
import { processesMarked, testMark } from '../../kit/testing/marked.ts';
import { findProgram } from '../programs.ts';
import { startMariadb } from './mariadb.ts';

/** Has mode 700, as /root has: what another user may not enter without help. */
const folder = mkdtempSync(path.join(tmpdir(), 'andon-mariadb-service-'));
const pathList = process.env.PATH ?? '';
let keeper: Keeper;

beforeAll(async () => {
  keeper = await startKeeper();
});
afterAll(async () => {
  await keeper[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

test('MariaDB has the databases and the password it was started with, and leaves no process behind.', async () => {
  const mark = randomUUID();
  const [port = 0] = await freePorts(1);
  const password = "it's \\ a `secret`";
  const connect = (as: string) =>
    connectMysql({
      url: `mysql://root:${encodeURIComponent(as)}@127.0.0.1:${port}/mes-db`,
      applicationName: 'test',
    });
  {
    await using _server = await startMariadb({
      folder,
      logFile: path.join(folder, 'log'),
      port,
      password,
      databases: ['mes-db', 'erp'],
      programs: {
        mariadbd: findProgram('mariadbd', pathList),
        'mariadb-install-db': findProgram('mariadb-install-db', pathList),
      },
      env: { PATH: pathList, LC_ALL: 'C.UTF-8', [testMark]: mark },
      owner: { keeper, log: silentLog },
    });
    const session = await connect(password);
    const [users] = await session.query(
      "SELECT User, Host FROM mysql.user WHERE User NOT LIKE 'mariadb.sys'",
    );
    const [databases] = await session.query(
      'SELECT COUNT(*) AS n FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN (?)',
      [['mes-db', 'erp']],
    );
    await session.end();
    // Nobody gets in without a password, or from another computer.
    expect(users).toEqual([{ User: 'root', Host: '127.0.0.1' }]);
    expect(databases).toEqual([{ n: 2 }]);
    await expect(connect('guessed')).rejects.toThrow(/Access denied/);
    expect(existsSync(path.join(folder, 'init.sql'))).toBe(false);
    expect(readFileSync(path.join(folder, 'log'), 'utf8')).not.toContain('secret');
    expect(processesMarked(mark)).not.toEqual([]);
  }
  expect(processesMarked(mark)).toEqual([]);
});
