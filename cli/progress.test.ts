import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { JournalEvent } from '../drills/journal.ts';
import { makeProgress } from './progress.ts';

const at = '2026-01-05T09:00:00.000Z';
const events: JournalEvent[] = [
  { type: 'stage', at, name: 'fault', plannedMs: 20_000 },
  { type: 'alert', at, alert: 'MesDown', tier: 'A', transition: 'delivered' },
  { type: 'run-finished', at, verdict: 'failed', reasons: ['2 operations were lost'] },
];

function shown(options: { json?: boolean; quiet?: boolean }, isTTY: boolean) {
  const [stdout, stderr] = [new PassThrough(), Object.assign(new PassThrough(), { isTTY })];
  {
    using progress = makeProgress({ stdout, stderr }, options, () => 0);
    for (const event of events) progress.event('a-drill', event);
  }
  return { stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

describe('Progress', () => {
  it('off a terminal is plain lines without control characters.', () => {
    const { stdout, stderr } = shown({}, false);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/alert MesDown \(A\) delivered\n.*failed\n.*2 operations were lost\n$/s);
    expect(stderr).not.toContain('\u001b');
  });

  it('on a terminal shows the stage below the lines, and nothing of it after the end.', () => {
    const { stderr } = shown({}, true);
    expect(stderr).toContain('… fault, 0 of at most 20 s');
    expect(stderr.slice(stderr.indexOf('■ failed'))).not.toContain('…');
  });

  it('with --json is one event a line on stdout, and nothing else.', () => {
    const { stdout, stderr } = shown({ json: true }, true);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { type: string }).type),
    ).toEqual(events.map(({ type }) => type));
    expect(stderr).toBe('');
  });

  it('with --quiet is nothing.', () => {
    expect(shown({ quiet: true }, true)).toEqual({ stdout: '', stderr: '' });
  });
});
