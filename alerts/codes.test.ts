import { describe, expect, it } from 'vitest';
import { alertCodes, renderCodes } from './codes.ts';
import { alertsSection } from './config.ts';

describe('The error codes', () => {
  it('stand in the document as they are. After a change that is meant: `npx vitest run alerts -u`.', async () => {
    await expect(renderCodes(alertCodes(alertsSection.parse({})))).toMatchFileSnapshot(
      new URL('../docs/alerts/codes.md', import.meta.url).pathname,
    );
  });

  it('follow the thresholds of the plant, and are all there whatever it turned off.', () => {
    const usual = alertCodes(alertsSection.parse({}));
    const own = alertCodes(
      alertsSection.parse({
        slos: [],
        thresholds: { host: { cpu: { c: 0.5 } }, database: { lock_wait: { a: '1m' } } },
      }),
    );
    expect(own.map(({ code }) => code)).toEqual(usual.map(({ code }) => code));
    const when = Object.fromEntries(own.map((code) => [code.code, code.when]));
    expect(when['DB-A-103']).toBe('a lock wait over 1 min, 10 s');
    expect(when['HOST-C-301']).toContain('at 50 %, 70 % or more');
  });
});
