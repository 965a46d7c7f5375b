import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../kit/clock.ts';
import { listen } from '../kit/http-server.ts';
import { freePorts } from '../kit/ports.ts';
import { targetsSchema } from '../kit/targets.ts';
import { cleanUp, closeReplaced } from './clean.ts';
import { identityOf } from './target-lock.ts';
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

describe('An undo of a system', () => {
  const at = (port: number) =>
    targetsSchema.parse({ db: { kind: 'link', control: `http://127.0.0.1:${port}`, link: 'db' } });
  const cut: Undo = { kind: 'link.restore', target: 'db', holder: 'andon-drill-r1~cut' };
  const cutOf = (targets: ReturnType<typeof at>): NewUndo => {
    const identity = targets.db && identityOf(targets.db);
    return { ...entry('r1', cut), target: 'db', ...(identity === undefined ? {} : { identity }) };
  };

  test('is refused on another system that has the same name now, and stays in the log', async () => {
    const log = newLog();
    const [port = 0, another = 0] = await freePorts(2);
    log.open(cutOf(at(port)));
    const other = await cleanUp({ undoLog: log, targets: at(another), fetch, by: 'clean' });
    expect(other.failed[0]?.error).toMatch('another system now than the one that was broken');
    expect(log.pending()).toHaveLength(1);
    // On the very one it is carried out: nobody listens there any more, so its cuts are gone.
    expect((await cleanUp({ undoLog: log, targets: at(port), fetch, by: 'clean' })).undone).toHaveLength(1);
  });

  test('that hangs, whatever it is told, keeps none behind it from being carried out', {
    timeout: 40_000,
  }, async () => {
    const log = newLog();
    const gone = log.open(entry('r1', { kind: 'process.end-marked', mark: `nobody-${randomUUID()}` }));
    const hangs = log.open(cutOf(at(9)));
    const deaf = (() => new Promise(() => {})) as typeof fetch;
    const { undone, failed } = await cleanUp({ undoLog: log, targets: at(9), fetch: deaf, by: 'clean' });
    expect([undone.map(({ id }) => id), failed.map((one) => one.entry.id)]).toEqual([[gone], [hangs]]);
  });

  test('of a plant that stands anew is closed; one that names no system is closed only when it is done', async () => {
    const { server, released } = await runbookService('secret');
    await using _server = server;
    const log = newLog();
    const configFile = '/plant/r1.yaml';
    log.open(cutOf(at(9)));
    const kept = log.open(entry('r1', { kind: 'runbooks.release-hold', url: server.url, holder: 'refused' }));
    const elsewhere = log.open(entry('r2', cut));
    await closeReplaced(log, configFile, { targets: at(7), fetch });
    expect(released).toEqual([]);
    expect(log.pending().map(({ id }) => id)).toEqual([kept, elsewhere]);
  });
});
