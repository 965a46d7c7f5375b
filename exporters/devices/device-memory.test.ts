import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../kit/log.ts';
import { DeviceFile } from './device-file.ts';
import { DeviceMemory } from './device-memory.ts';
import { DeviceRegister } from './device-register.ts';
import { ReportedDevice, type SavedDevice } from './reported-device.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'andon-devices-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const saved = (key: string, more: Partial<SavedDevice> = {}): SavedDevice => ({
  key,
  heardMs: 1000,
  state: undefined,
  isAlive: true,
  isVouched: false,
  bdSeq: undefined,
  ...more,
});

function memoryOf(file: string, log = silentLog) {
  const register = new DeviceRegister<ReportedDevice>({ maxDevices: 10_000, forgetAfterMs: 60_000 });
  const add = (key: string, heardMs: number) => {
    const device = new ReportedDevice(key, { target: 'mes', line: 'L1', device: key }, heardMs);
    return register.add(device) ? device : undefined;
  };
  const restore = ({ key, heardMs }: SavedDevice) => add(key, heardMs);
  const memory = new DeviceMemory({ file, source: 'push', register, restore, vouchedMs: () => 0, log });
  return { register, add, memory, [Symbol.dispose]: () => memory[Symbol.dispose]() };
}

describe('the file of the devices', () => {
  it('gives back what was saved, each source its own', () => {
    const file = path.join(folder, 'sources.sqlite');
    using push = new DeviceFile(file, 'push');
    using plant = new DeviceFile(file, 'sparkplug plant');
    const devices = [saved('GW', { isAlive: false, bdSeq: 255 }), saved('GW/PLC', { state: 'executing' })];
    plant.save(devices);
    expect([...plant.load()]).toEqual(devices);
    expect([...push.load()]).toEqual([]);
    plant.forget(['GW']);
    expect([...plant.load()]).toEqual(devices.slice(1));
  });

  it('counts those vouched for as heard when it was last written, and only those', () => {
    using file = new DeviceFile(path.join(folder, 'vouched.sqlite'), 'push');
    file.save([saved('SILENT'), saved('VOUCHED', { isVouched: true })]);
    file.vouchedUntil(5000);
    expect([...file.load()].map(({ key, heardMs }) => [key, heardMs])).toEqual([
      ['SILENT', 1000],
      ['VOUCHED', 5000],
    ]);
  });
});

describe('the memory of a register', () => {
  it('is written on the way as well, so that a kill does not lose it', async () => {
    const file = path.join(folder, 'killed.sqlite');
    using killed = memoryOf(file);
    await killed.memory.loaded();
    for (let count = 0; count < 2500; count += 1) killed.add(`PLC-${count}`, Date.now());
    await killed.memory.flush();
    using next = memoryOf(file);
    await next.memory.loaded();
    expect(next.register.size).toBe(2500);
    expect(next.register.unsaved.size).toBe(0);
  });

  it('forgets in the file whom the register forgets', async () => {
    const file = path.join(folder, 'forgotten.sqlite');
    using first = memoryOf(file);
    await first.memory.loaded();
    first.add('OLD', 1000);
    await first.memory.flush();
    expect([...first.register.current(100_000)]).toEqual([]);
    await first.memory.flush();
    using next = memoryOf(file);
    await next.memory.loaded();
    expect(next.register.size).toBe(0);
  });

  it('says once that a broken file is of no use, and lets the exporter go on', async () => {
    const file = path.join(folder, 'broken.sqlite');
    writeFileSync(file, 'this is no database, but longer than the header of one would be'.repeat(4));
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line) => lines.push(line) });
    using broken = memoryOf(file, log);
    await broken.memory.loaded();
    broken.add('PLC', 1000);
    await broken.memory.flush();
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ reason: 'file is not a database', file });
    expect(broken.register.unsaved.size).toBe(0);
    expect(broken.register.size).toBe(1);
  });
});
