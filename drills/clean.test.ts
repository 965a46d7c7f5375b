import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../kit/clock.ts';
import { listen } from '../kit/http-server.ts';
import { cleanUp } from './clean.ts';
import { tempFolder } from './testing/temp-folder.ts';
import type { Undo } from './undo.ts';
import { type NewUndo, UndoLog } from './undo-log.ts';

/** A runbook service that notes who is released, and refuses those whose name says so. */
async function runbookService(token: string) {
  const released: string[] = [];
  const server = await listen(
    (request, response) => {
      const url = new URL(request.url ?? '', 'http://x');
      const holder = url.searchParams.get('holder') ?? '';
      const allowed = request.headers.authorization === `Bearer ${token}` && !holder.includes('refused');
      if (allowed) released.push(`${request.method} ${url.pathname} ${holder}`);
      response.writeHead(allowed ? 204 : 403).end();
    },
    { host: '127.0.0.1', port: 0 },
  );
  return { server, released };
}

const entry = (run: string, undo: Undo): NewUndo => ({
  run,
  fault: 'hold',
  target: 'runbooks',
  undo,
  configFile: `/plant/${run}.yaml`,
});

const newLog = () => new UndoLog(path.join(tempFolder(), 'undo-log.ndjson'), systemClock);

describe('Cleaning up', () => {
  test('undoes the last one first, goes on after a failure, and says how to do by hand what failed', async () => {
    const { server, released } = await runbookService('secret');
    await using _server = server;
    const log = newLog();
    const hold = (holder: string) => ({ kind: 'runbooks.release-hold', url: server.url, holder }) as const;
    log.open(entry('r1', hold('first')));
    const refused = log.open(entry('r1', hold('refused')));
    log.open(entry('r2', hold('third')));
    const deps = { undoLog: log, targets: {}, fetch, runbooksToken: 'secret', by: 'clean' };
    const { undone, failed } = await cleanUp(deps);
    expect(released).toEqual(['DELETE /hold third', 'DELETE /hold first']);
    expect(undone.map(({ run }) => run)).toEqual(['r2', 'r1']);
    expect(failed).toEqual([
      {
        entry: expect.objectContaining({ id: refused }),
        error: "the runbook service refused to release refused's hold: HTTP 403",
        byHand: expect.stringContaining(`'${server.url}/hold?holder=refused'`),
      },
    ]);
    expect(JSON.stringify(failed)).not.toContain('secret');
    expect(log.pending().map(({ id }) => id)).toEqual([refused]);
    expect((await cleanUp(deps)).undone).toEqual([]);
  });

  test('can be limited to one run and finds the targets of each entry', async () => {
    const log = newLog();
    const undo = { kind: 'process.end-marked', mark: randomUUID() } as const;
    log.open(entry('r1', undo));
    log.open(entry('r2', undo));
    const asked: string[] = [];
    const targets = ({ configFile }: { configFile: string }) => {
      asked.push(configFile);
      return {};
    };
    await cleanUp({ undoLog: log, run: 'r2', targets, fetch, by: 'runner' });
    expect(asked).toEqual(['/plant/r2.yaml']);
    expect(log.pending()).toMatchObject([{ run: 'r1' }]);
  });

  test('takes a configuration that is gone for a failure of that entry alone', async () => {
    const log = newLog();
    const undo = (target: string) =>
      ({ kind: 'postgres.end-sessions', target, applicationName: 'andon-drill-x' }) as const;
    log.open(entry('gone', undo('mes-db')));
    const { failed } = await cleanUp({
      undoLog: log,
      targets: () => Promise.reject(new Error('no such file')),
      fetch,
      by: 'clean',
    });
    expect(failed).toMatchObject([{ error: 'no such file' }]);
    expect(failed[0]?.byHand).toBe(
      "On the database of mes-db run: SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'andon-drill-x';",
    );
  });

  test('takes a service of this computer that has ended for released', async () => {
    const { server } = await runbookService('t');
    await server[Symbol.asyncDispose]();
    const log = newLog();
    log.open(entry('r1', { kind: 'runbooks.release-hold', url: server.url, holder: 'x' }));
    expect((await cleanUp({ undoLog: log, targets: {}, fetch, by: 'clean' })).failed).toEqual([]);
  });
});
