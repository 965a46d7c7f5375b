import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bdSeq, type TestHost, testHost } from './testing/test-host.ts';

const value = { name: 'x', int: 1 };

/** An edge node GW with the device PLC, both born; the next number is 2. */
function born(source: Record<string, unknown> = {}): TestHost {
  const tested = testHost(source);
  tested.send('NBIRTH', 'GW', 0, bdSeq(4));
  tested.send('DBIRTH', 'GW/PLC', 1, value);
  return tested;
}

const stateOf = (tested: TestHost, name: string) => tested.device(name).stateAt(tested.nowMs);

describe('a death of an edge node', () => {
  it('makes it and its devices unavailable, and leaves their last heartbeats where they were', () => {
    const tested = born();
    const heardMs = tested.nowMs;
    tested.pass(20_000);
    tested.send('NDEATH', 'GW', undefined, bdSeq(4));
    expect([stateOf(tested, 'GW'), stateOf(tested, 'GW/PLC')]).toEqual(['not_available', 'not_available']);
    expect([tested.device('GW').heardMs, tested.device('GW/PLC').heardMs]).toEqual([heardMs, heardMs]);
    expect([tested.device('GW').deaths, tested.device('GW/PLC').deaths]).toEqual([1, 0]);
  });

  it('means nothing with the number of another birth, with none, or a second time', () => {
    const tested = born();
    for (const metrics of [[bdSeq(3)], [bdSeq(5)], []]) tested.send('NDEATH', 'GW', undefined, ...metrics);
    expect(stateOf(tested, 'GW')).toBeUndefined();
    expect(tested.device('GW').deaths).toBe(0);
    tested.send('NDEATH', 'GW', undefined, bdSeq(4));
    tested.send('NDEATH', 'GW', undefined, bdSeq(4));
    expect(tested.device('GW').deaths).toBe(1);
  });

  it('of one never heard of makes nothing known', () => {
    const tested = testHost();
    tested.send('NDEATH', 'GW', undefined, bdSeq(4));
    expect(tested.devices.size).toBe(0);
  });

  it('is over with the next birth; a device that is left out in it stays unavailable', () => {
    const tested = born();
    tested.send('DBIRTH', 'GW/ROBOT', 2, value);
    tested.send('NDEATH', 'GW', undefined, bdSeq(4));
    tested.pass(60_000);
    tested.send('NBIRTH', 'GW', 0, bdSeq(5));
    tested.send('DBIRTH', 'GW/PLC', 1, value);
    expect(stateOf(tested, 'GW/ROBOT')).toBeUndefined();
    tested.pass(31_000);
    expect(stateOf(tested, 'GW')).toBeUndefined();
    expect(stateOf(tested, 'GW/PLC')).toBeUndefined();
    expect(stateOf(tested, 'GW/ROBOT')).toBe('not_available');
  });
});

describe('a death of a device', () => {
  it('is its own, until its next birth', () => {
    const tested = born();
    tested.pass(10_000);
    tested.send('DDEATH', 'GW/PLC', 2);
    expect([stateOf(tested, 'GW'), stateOf(tested, 'GW/PLC')]).toEqual([undefined, 'not_available']);
    expect(tested.device('GW/PLC').deaths).toBe(1);
    expect(tested.device('GW').heardMs - tested.device('GW/PLC').heardMs).toBe(10_000);
    tested.send('DBIRTH', 'GW/PLC', 3, value);
    expect(stateOf(tested, 'GW/PLC')).toBeUndefined();
  });
});

describe('a missing message', () => {
  it('is no gap when it comes within the reorder timeout', () => {
    const tested = born();
    tested.send('DDATA', 'GW/PLC', 3, value);
    tested.pass(4900);
    tested.send('DDATA', 'GW/PLC', 2, value);
    tested.pass(60_000);
    expect(tested.device('GW').node.gaps).toBe(0);
    expect(tested.asked).toEqual([]);
  });

  it('is a gap after it, and a rebirth is asked for, at most once a minute', () => {
    const tested = born();
    tested.send('DDATA', 'GW/PLC', 3, value);
    tested.pass(5000);
    expect(tested.device('GW').node.gaps).toBe(1);
    expect(tested.asked).toEqual(['L1/GW']);
    tested.send('DDATA', 'GW/PLC', 4, value);
    tested.pass(54_000);
    expect(tested.asked).toHaveLength(1);
    tested.pass(6000);
    expect(tested.asked).toHaveLength(2);
  });

  it('does not hide the heartbeats behind it for longer than that', () => {
    const tested = born();
    tested.pass(1000);
    const arrivedMs = tested.nowMs;
    tested.send('DDATA', 'GW/PLC', 7, value);
    expect(tested.device('GW/PLC').heardMs).toBe(arrivedMs - 1000);
    tested.pass(5000);
    expect(tested.device('GW/PLC').heardMs).toBe(arrivedMs);
  });

  it('is given up at once when half the numbers have come after it', () => {
    const tested = born();
    for (let seq = 3; seq < 3 + 128; seq += 1) tested.send('DDATA', 'GW/PLC', seq, value);
    expect(tested.device('GW').node.gaps).toBe(1);
  });

  it('asks for no rebirth where that is turned off', () => {
    const tested = born({ rebirth: false });
    tested.send('DDATA', 'GW/PLC', 9, value);
    tested.pass(5000);
    expect(tested.device('GW').node.gaps).toBe(1);
    expect(tested.asked).toEqual([]);
  });

  it('is not noticed at the wrap from 255 to 0, where nothing is missing', () => {
    const tested = born();
    for (let count = 2; count < 600; count += 1) tested.send('DDATA', 'GW/PLC', count % 256, value);
    tested.pass(60_000);
    expect(tested.device('GW').node.gaps).toBe(0);
  });
});

describe('data', () => {
  it('before any birth is heard, and a rebirth is asked for', () => {
    const tested = testHost();
    tested.send('DDATA', 'GW/PLC', 77, value);
    tested.pass(250);
    expect(tested.device('GW/PLC').heardMs).toBe(tested.nowMs - 250);
    expect(tested.asked).toEqual(['L1/GW']);
  });

  it('of the past moves neither heartbeat nor state', () => {
    const tested = born({ state: { metric: 'State' } });
    const before = tested.nowMs;
    tested.pass(1000);
    tested.send('DDATA', 'GW/PLC', 2, { name: 'State', string: 'executing', isHistorical: true });
    expect(tested.device('GW/PLC')).toMatchObject({ heardMs: before, state: undefined });
    tested.send('DDATA', 'GW/PLC', 3, { name: 'State', string: 'executing' });
    expect(tested.device('GW/PLC')).toMatchObject({ heardMs: tested.nowMs, state: 'executing' });
  });

  it('holds the state under the name or number of the birth, in the words of the plant', () => {
    const tested = testHost({ state: { metric: 'Mode', values: { 2: 'executing' } } });
    const state = () => stateOf(tested, 'GW/PLC');
    tested.send('NBIRTH', 'GW', 0, bdSeq(0));
    tested.send('DBIRTH', 'GW/PLC', 1, { name: 'Mode', alias: 8, int: 2 });
    expect(state()).toBe('executing');
    tested.send('DDATA', 'GW/PLC', 2, { alias: 8, string: 'Not Executing' });
    expect(state()).toBe('not_executing');
    tested.send('DDATA', 'GW/PLC', 3, { alias: 9, int: 2 });
    expect(state()).toBe('not_executing');
    tested.send('DDATA', 'GW/PLC', 4, { alias: 8, int: 3 });
    expect(state()).toBeUndefined();
  });
});

describe('whether a session vouches for a device', () => {
  const vouched = (tested: TestHost, name = 'GW/PLC') => tested.host.isVouched(tested.device(name));

  it('it does from the birth to the death', () => {
    const tested = born();
    expect(vouched(tested)).toBe(true);
    tested.send('NDEATH', 'GW', undefined, bdSeq(4));
    expect(vouched(tested)).toBe(false);
  });

  it('it does not after a gap or without a birth in this session', () => {
    const tested = born();
    tested.send('DDATA', 'GW/NEW', 2, value);
    expect(vouched(tested, 'GW/NEW')).toBe(false);
    tested.send('DDATA', 'GW/PLC', 9, value);
    tested.pass(5000);
    expect(vouched(tested)).toBe(false);
  });

  it('it does again after the broker was lost, with the next message if none was missed', () => {
    const tested = born();
    tested.host.connected();
    expect(vouched(tested)).toBe(false);
    tested.send('DDATA', 'GW/PLC', 2, value);
    expect(vouched(tested)).toBe(true);
  });
});

it('After a loss of the broker every edge node is asked for a rebirth, a few at a time.', () => {
  const tested = testHost();
  for (let count = 0; count < 25; count += 1) tested.send('NBIRTH', `GW${count}`, 0, bdSeq(0));
  tested.host.connected();
  tested.pass(250);
  expect(tested.asked).toHaveLength(20);
  tested.send('NBIRTH', 'GW24', 0, bdSeq(1));
  tested.pass(250);
  expect(new Set(tested.asked).size).toBe(24);
});

describe('what cannot be taken', () => {
  it('is counted: topics and payloads that are none, and devices beyond the limit', () => {
    const tested = testHost({}, 2);
    for (const topic of [
      'spBv1.0/L1/NBIRTH',
      'spBv1.0/L1/DDATA/GW',
      'x',
      `spBv1.0/L1/NDATA/${'n'.repeat(201)}`,
    ])
      tested.host.receive(topic, Buffer.alloc(0), 0);
    tested.host.receive('spBv1.0/L1/NBIRTH/GW', Buffer.from('garbage'), 0);
    tested.send('NBIRTH', 'GW', 0, bdSeq(0));
    for (const device of ['A', 'B', 'C']) tested.send('DBIRTH', `GW/${device}`, undefined, value);
    expect(tested.refused()).toEqual({ malformed: 5, device_limit: 2 });
    expect(tested.devices.size).toBe(2);
  });

  it('never throws, whatever comes in whichever order', () => {
    const type = fc.constantFrom('NBIRTH', 'NDEATH', 'NDATA', 'DBIRTH', 'DDEATH', 'DDATA');
    const from = fc.constantFrom('GW', 'GW/PLC', 'GW2', 'GW2/PLC', '__proto__', '');
    const payload = fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.constant(new Uint8Array()));
    fc.assert(
      fc.property(fc.array(fc.tuple(type, from, payload), { maxLength: 40 }), (messages) => {
        const tested = testHost();
        for (const [kind, sender, bytes] of messages) {
          const [node = '', device] = sender.split('/');
          const tail = device === undefined ? '' : `/${device}`;
          tested.host.receive(`spBv1.0/L1/${kind}/${node}${tail}`, bytes, tested.nowMs);
          tested.pass(3000);
        }
      }),
    );
  });
});

it('A device that is silent for too long is forgotten with its edge node, and can come back.', () => {
  const tested = born();
  tested.pass(8 * 86_400_000);
  expect([...tested.devices.current(tested.nowMs)]).toEqual([]);
  expect([...tested.devices.forgotten].toSorted()).toEqual(['L1/GW', 'L1/GW/PLC']);
  tested.send('NBIRTH', 'GW', 0, bdSeq(4));
  expect([...tested.devices.current(tested.nowMs)].map(({ labels }) => labels.device)).toEqual(['GW']);
});

it('The line is the group, or the edge node where andon.yaml says so.', () => {
  const labels = (source: Record<string, unknown>) => born(source).device('GW/PLC').labels;
  expect(labels({})).toEqual({ target: 'plant', line: 'L1', device: 'GW/PLC' });
  const own = { line: 'node', groups: ['L1'], target: 'mes' };
  expect(labels(own)).toEqual({ target: 'mes', line: 'GW', device: 'GW/PLC' });
});
