import fc from 'fast-check';
import type { Message, MessageEvent } from '../../message.ts';

const nasty = [
  '](http://evil.example)',
  '[x](http://evil.example)',
  '![x](https://evil.example/p.png)',
  '<@all>',
  '<@zhangsan>',
  '@13800000000',
  '@所有人',
  '&lt;@all&gt;',
  '<script>alert(1)</script>',
  '</font>',
  '<font color="info">',
  '<a href="http://evil.example">',
  '" onmouseover="x',
  '**',
  '`',
  '~~',
  '\\',
  '\n# title\n> quote\n- item\n---\n',
  '\r\nBcc: evil@example.com\r\n',
  '\u0000\u001b[31m\u0007',
  '\u202egnp.exe',
  '\u2066\u200b\ufeff\u2028',
  'http:\u200b//evil.example',
  'www.evil.example',
  '\ud800',
  '👩‍🔧👨‍👩‍👧‍👦🏳️‍🌈',
  'é\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301',
  '温度过高，',
  '_mes_db_up_',
  '|',
];

/** Text that somebody could put into a label: anything, made of anything, sometimes long. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .array(fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'binary', maxLength: 6 })), {
        maxLength: 12,
      })
      .map((parts) => parts.join('')),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...nasty, 'x', '温', '<', '&'), fc.integer({ min: 1, max: 3000 }))
      .map(([part, times]) => part.repeat(times)),
  },
);

const hostileUrl = fc.oneof(
  hostileText,
  hostileText.map((text) => `https://wiki.example/${text}`),
  hostileText.map((text) => `https://wiki.example/?q=${text}#${text}`),
  fc.constantFrom(
    'javascript:alert(1)',
    'https://wiki.example@evil.example/',
    'https://[::1]:3000/a(b)[c]',
    'alerts/README.md#x',
    'data:text/html,x',
  ),
);

const events: MessageEvent[] = ['firing', 'resolved', 'escalated', 'heartbeat-lost', 'heartbeat-back'];

const hostileItem = fc.record({
  event: fc.constantFrom(...events),
  tier: fc.constantFrom('A' as const, 'B' as const, 'C' as const),
  acknowledgeUrl: fc.constant('https://notify.example/ack/abc'),
  alert: fc.record({
    fingerprint: hostileText,
    startsAt: fc.oneof(fc.constant('2026-01-31T08:15:00Z'), hostileText),
    endsAt: fc.oneof(fc.constant('2026-01-31T08:16:00Z'), hostileText),
    status: fc.constantFrom('firing' as const, 'resolved' as const),
    labels: fc.record(
      {
        alertname: hostileText,
        code: hostileText,
        target: hostileText,
        line: hostileText,
        device: hostileText,
        queue: hostileText,
        instance: hostileText,
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<Record<string, string>>,
    annotations: fc.record(
      { summary: hostileText, description: hostileText, runbook_url: hostileUrl, dashboard_url: hostileUrl },
      { requiredKeys: [] },
    ) as fc.Arbitrary<Record<string, string>>,
  }),
});

/** A message whose every text a stranger has chosen. */
export const hostileMessage: fc.Arbitrary<Message> = fc.record({
  id: fc.constant('7f4b1c1e'),
  tier: fc.constantFrom('A' as const, 'B' as const, 'C' as const),
  items: fc.oneof(
    fc.array(hostileItem, { minLength: 1, maxLength: 1 }),
    fc.array(hostileItem, { minLength: 0, maxLength: 12 }),
    fc
      .tuple(hostileItem, fc.integer({ min: 2, max: 350 }))
      .map(([item, times]) => Array.from({ length: times }, () => item)),
  ),
  omitted: fc.nat(2000),
});
