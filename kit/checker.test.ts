import { afterEach, describe, expect, it, vi } from 'vitest';
import { runChecker } from './checker.ts';

describe('a checker', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('that is not on this computer is an error which says how to get it, never a silent pass', async () => {
    vi.stubEnv('PATH', '/nowhere');
    await expect(runChecker('promtool', ['--version'])).rejects.toMatchObject({
      message: 'promtool is not on PATH',
      mend: 'apt-get install prometheus',
    });
    await expect(runChecker('amtool', ['--version'])).rejects.toMatchObject({
      mend: 'apt-get install prometheus-alertmanager',
    });
  });

  it('that dislikes what it reads says so as a result', async () => {
    const { ok, output } = await runChecker('promtool', ['check', 'metrics'], 'this is no metric\n');
    expect(ok).toBe(false);
    expect(output).not.toBe('');
  });
});
