import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeDrillLock } from './drill-lock.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'andon-lock-'));
});
afterEach(() => rmSync(home, { recursive: true }));

describe('The lock of a folder of drills', () => {
  it('keeps a second drill out while the first lives, and lets it in after.', () => {
    const first = takeDrillLock(home);
    expect(() => takeDrillLock(home)).toThrow(/another drill is running here/);
    first[Symbol.dispose]();
    takeDrillLock(home)[Symbol.dispose]();
  });

  it('of a dead process is taken over, also when its number lives again.', () => {
    writeFileSync(path.join(home, 'drill.lock'), JSON.stringify({ pid: process.pid, startTime: '1' }));
    takeDrillLock(home)[Symbol.dispose]();
  });

  it('that cannot be read is taken over.', () => {
    writeFileSync(path.join(home, 'drill.lock'), '{"pid"');
    takeDrillLock(home)[Symbol.dispose]();
  });
});
