import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import { type Door, openDoor } from '../testing/esign-door.ts';
import { query } from '../testing/query.ts';
import { aCommand, anOrder, aReport, startTestMes, type TestMes } from '../testing/test-mes.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres?.[Symbol.asyncDispose]());

const within = <T>(what: string, check: () => Promise<T | false>) =>
  waitFor(check, { what, timeoutMs: 20_000, everyMs: 10 });

interface Plant extends AsyncDisposable {
  door: Door;
  mes: TestMes;
  url: string;
  pending(): Promise<number>;
}

async function plant(name: string, more: object = {}, service: object = {}): Promise<Plant> {
  await using stack = new AsyncDisposableStack();
  const door = stack.use(await openDoor());
  const url = await postgres.database(name);
  const signatures = { url: door.url, timeout_ms: 20_000, pause_ms: 20, interval_ms: 60_000, ...service };
  const mes = stack.use(await startTestMes({ database: url, signatures, report_work_ms: 0, ...more }));
  const owned = stack.move();
  return {
    door,
    mes,
    url,
    pending: async () => (await query(url, 'SELECT FROM signature_requests WHERE signed_at IS NULL')).length,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Brings an order to `completed`: version 4. */
async function completed(mes: TestMes, id: string): Promise<void> {
  const unit = `U-${id}`;
  const command = (role: 'director' | 'operator', name: string, version: number, more = {}) =>
    mes.post(role, `/job-orders/${id}/commands`, aCommand(name, version, more), `${id}-${name}`);
  const answers = [
    await mes.post('director', '/operations-requests', anOrder(id, { quantity: 1 })),
    await command('director', 'dispatch', 1, { unit }),
    await command('operator', 'start', 2),
    await mes.post('operator', '/operations', aReport(id, unit, 1), `${unit}-1`),
    await command('operator', 'complete', 3),
  ];
  const bad = answers.find(({ status }) => status >= 300);
  if (bad) throw new Error(`the order was not completed: ${JSON.stringify(bad)}`);
}

const release = (mes: TestMes, id: string, timeoutMs?: number) =>
  mes.post('leader', `/job-orders/${id}/commands`, aCommand('qc_pass', 4), `${id}-qc_pass`, timeoutMs);

describe('A quality release', () => {
  it('is signed by the third party, however often it is sent; nothing else is.', async () => {
    await using one = await plant('signed');
    const { mes, url, door, pending } = one;
    await completed(mes, 'WO-1');
    expect(await query(url, 'SELECT FROM signature_requests')).toEqual([]);
    expect(await release(mes, 'WO-1')).toMatchObject({ status: 200, body: { state: 'closed', version: 5 } });
    expect(await release(mes, 'WO-1')).toMatchObject({ status: 200 });
    await within('the signature', async () => (await pending()) === 0);
    expect(await query(url, 'SELECT id, work_order_id, subject, signature FROM signature_requests')).toEqual([
      {
        id: 'WO-1-v5',
        work_order_id: 'WO-1',
        subject: {
          work_order_id: 'WO-1',
          version: 5,
          ...{ good: 1, scrap: 0, rework: 0 },
          released_by: 'the leader',
        },
        signature: expect.stringMatching(/^[\w-]{43}$/),
      },
    ]);
    expect(await door.status()).toEqual({ signed: 1, repeated: 0 });
  });

  it('that is refused for good keeps none behind it waiting.', async () => {
    await using one = await plant('refused', {}, { batch: 2 });
    const { mes, pending, url } = one;
    // The same ids have signed something else before, as after a restored database: the service says no for ever.
    for (const id of ['WO-1', 'WO-2']) {
      const body = JSON.stringify({ id: `${id}-v5`, subject: { other: true } });
      const headers = { 'content-type': 'application/json' };
      expect((await fetch(`${one.door.url}/signatures`, { method: 'POST', headers, body })).ok).toBe(true);
    }
    for (const id of ['WO-1', 'WO-2', 'WO-3', 'WO-4']) {
      await completed(mes, id);
      expect(await release(mes, id)).toMatchObject({ status: 200 });
    }
    await within('the signatures of the others', async () => (await pending()) === 2);
    expect(await query(url, 'SELECT id FROM signature_requests WHERE signed_at IS NULL ORDER BY id')).toEqual(
      [{ id: 'WO-1-v5' }, { id: 'WO-2-v5' }],
    );
  });

  it.each([
    ['does not answer', 'hang'],
    ['answers 503', { status: 503, body: '{}' }],
    ['answers no JSON', { status: 200, body: '<html>' }],
    ['signs something else', { status: 200, body: '{"id": "other", "signature": "x"}' }],
  ] as const)(
    'never waits for a third party that %s, and is signed once when it is back.',
    async (name, instead) => {
      await using one = await plant(`down_${name.replaceAll(/\W/g, '_')}`, {}, { batch: 2, timeout_ms: 200 });
      const { mes, door, pending, url } = one;
      const ids = ['WO-1', 'WO-2', 'WO-3', 'WO-4', 'WO-5'];
      for (const id of ids) await completed(mes, id);
      door.instead = instead;
      for (const id of ids) expect(await release(mes, id)).toMatchObject({ status: 200 });
      const { asked } = door;
      await within('some attempts', async () => door.asked > asked + 4);
      expect(await pending()).toBe(5);
      door.instead = undefined;
      await within('all signatures', async () => (await pending()) === 0);
      expect(await query(url, 'SELECT DISTINCT signature FROM signature_requests')).toHaveLength(5);
      expect((await door.status()).signed).toBe(5);
    },
  );

  it('that was signed and not noted gets the same signature again.', async () => {
    await using one = await plant('forgotten');
    const { mes, url, door, pending } = one;
    await completed(mes, 'WO-1');
    await release(mes, 'WO-1');
    await within('the signature', async () => (await pending()) === 0);
    const signature = () => query(url, 'SELECT signature FROM signature_requests');
    const first = await signature();
    await query(url, 'UPDATE signature_requests SET signed_at = NULL, signature = NULL');
    await within('the signature again', async () => (await pending()) === 0);
    expect(await signature()).toEqual(first);
    expect(await door.status()).toEqual({ signed: 1, repeated: 1 });
  });
});

describe('The contact with the third party', () => {
  const lastSuccess = async (url: string): Promise<number> => {
    const [row] = await query<{ at: Date; interval_seconds: number }>(
      url,
      'SELECT last_success_at AS at, interval_seconds FROM signature_contact',
    );
    expect(row?.interval_seconds ?? 0.05).toBe(0.05);
    return row?.at.getTime() ?? 0;
  };

  it('counts as a success when nothing is left waiting, also when nothing was; and not while it is away.', async () => {
    await using one = await plant('contact', {}, { interval_ms: 50 });
    const { mes, url, door } = one;
    const successAfter = (time: number) => within('a success', async () => (await lastSuccess(url)) > time);
    await successAfter(0);
    await successAfter(await lastSuccess(url));
    await completed(mes, 'WO-1');
    door.instead = { status: 503, body: '' };
    const { asked } = door;
    await within('two attempts', async () => door.asked > asked + 1);
    const before = await lastSuccess(url);
    await within('more attempts', async () => door.asked > asked + 4);
    await release(mes, 'WO-1');
    await within('attempts to sign', async () => door.asked > asked + 7);
    expect(await lastSuccess(url)).toBe(before);
    door.instead = undefined;
    await successAfter(before);
  });

  it('is expected from the beginning, so that a third party that never answers is seen.', async () => {
    await using one = await plant('never', { signatures: { url: 'http://127.0.0.1:9', interval_ms: 50 } });
    await within('the first mark', async () => (await lastSuccess(one.url)) > 0);
  });
});

describe('With the weakness `signature`', () => {
  const weak = { weaken: ['signature' as const] };

  it('a release is signed inside the request.', async () => {
    await using one = await plant('weak', weak);
    const { mes, door, pending } = one;
    await completed(mes, 'WO-1');
    expect(await release(mes, 'WO-1')).toMatchObject({ status: 200 });
    expect([await pending(), await door.status()]).toEqual([0, { signed: 1, repeated: 0 }]);
  });

  it('a release fails with the third party, and can be tried again.', async () => {
    await using one = await plant('weak_failing', weak);
    const { mes, door, url, pending } = one;
    await completed(mes, 'WO-1');
    door.instead = { status: 503, body: '' };
    expect(await release(mes, 'WO-1')).toMatchObject({ status: 503 });
    expect(await query(url, "SELECT state FROM work_orders WHERE id = 'WO-1'")).toEqual([
      { state: 'completed' },
    ]);
    door.instead = undefined;
    expect(await release(mes, 'WO-1')).toMatchObject({ status: 200 });
    expect(await pending()).toBe(0);
  });

  it('a release hangs with the third party, and so does everything once every connection is taken.', async () => {
    await using one = await plant('weak_hanging', { ...weak, pool_max: 2, acquire_timeout_ms: 2000 });
    const { mes, door } = one;
    for (const id of ['WO-1', 'WO-2', 'WO-3']) await completed(mes, id);
    door.instead = 'hang';
    const { asked } = door;
    const late = { message: expect.stringContaining('no answer within') };
    const hung = ['WO-1', 'WO-2'].map((id) => expect(release(mes, id, 4000)).rejects.toMatchObject(late));
    await within('both at the third party', async () => door.asked === asked + 2);
    const failed = await mes.post('director', '/operations-requests', anOrder('WO-4'));
    expect(failed).toMatchObject({ status: 503, body: { error: { code: 'database.no-connection' } } });
    await Promise.all(hung);
  });
});
