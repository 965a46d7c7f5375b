import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wallClock } from '../../../../kit/wall-clock.ts';
import type { Message } from '../../message.ts';
import { createChannel, receiverSchema } from '../registry.ts';
import { testTools } from '../testing/channel-tools.ts';
import { hostileMessage } from '../testing/hostile-text.ts';
import { markdownProblems } from '../testing/markdown-problems.ts';
import { blockedDatabase, messageOf, testNow } from '../testing/messages.ts';
import { subjectOf, writeCard } from './card.ts';
import { cleanText, clip } from './clean-text.ts';
import { htmlMail, plainMail } from './mail-dialects.ts';
import { safeLink } from './safe-link.ts';
import { languages, wordsIn } from './words.ts';

/** The body that a robot would be sent. */
async function bodyFor(receiver: Record<string, unknown>, message: Message): Promise<string> {
  let body = '';
  const fetch: typeof globalThis.fetch = async (_url, init) => {
    body = String(init?.body);
    return new Response('{"errcode":0}');
  };
  const channel = createChannel(receiverSchema.parse({ name: 'r', ...receiver }), { ...testTools(), fetch });
  await channel.send(message, new AbortController().signal);
  return body;
}

/** As many and as long as may be. */
const called = Array.from({ length: 10 }, (_, index) => `${index}`.padEnd(64, 'x'));
const wecom = { kind: 'wecom', key: 'k', mentions: called };
const dingtalk = { kind: 'dingtalk', access_token: 't', secret: 's', mentions: ['13800000000'] };
const runs = { numRuns: 150 };

describe('whatever stands in labels and annotations', () => {
  it('a WeCom card is within 4096 bytes, well formed, and calls and links nobody and nothing of its own', async () => {
    await fc.assert(
      fc.asyncProperty(hostileMessage, fc.constantFrom(...languages), async (message, language) => {
        const { content } = JSON.parse(await bodyFor({ ...wecom, language }, message)).markdown;
        if (message.items.length > 0)
          expect(content).not.toContain(wordsIn[language].more(message.items.length, ''));
        expect(markdownProblems(content, { mentions: called.map((id) => `<@${id}>`), limit: 4096 })).toEqual(
          [],
        );
      }),
      runs,
    );
  });

  it('a DingTalk body is within 20,000 bytes, well formed, and calls only who is configured', async () => {
    await fc.assert(
      fc.asyncProperty(hostileMessage, fc.constantFrom(...languages), async (message, language) => {
        const text = await bodyFor({ ...dingtalk, language }, message);
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(20_000);
        const body = JSON.parse(text);
        const limits = { mentions: ['@13800000000'], limit: 20_000 };
        expect(markdownProblems(body.markdown.text, limits)).toEqual([]);
        expect(markdownProblems(body.markdown.title, { mentions: [], limit: 1000 })).toEqual([]);
        expect([[], ['13800000000']]).toContainEqual(body.at.atMobiles);
        expect(body.at.isAtAll).toBe(false);
      }),
      runs,
    );
  });

  it('a mail has no tag, no link and no line of its own', () => {
    fc.assert(
      fc.property(hostileMessage, fc.constantFrom(...languages), (message, language) => {
        const style = { words: wordsIn[language], clock: wallClock('Asia/Shanghai'), now: testNow };
        const html = writeCard(message, style, { dialect: htmlMail, fits: () => true }).text;
        const rest = html.replaceAll(ownTags, '');
        expect(rest).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/);
        const text = writeCard(message, style, { dialect: plainMail, fits: () => true }).text;
        const links = text.match(/https?:\/\/\S*/g) ?? [];
        expect(links.filter((link) => safeLink(link) !== link)).toEqual([]);
        expect(subjectOf(message, style)).not.toMatch(/[\p{Cc}\p{Zl}]/u);
      }),
      { numRuns: 60 },
    );
  });

  it('a card tells or counts each alert', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 300 }), async (count) => {
        const items = Array.from({ length: count }, (_, index) =>
          blockedDatabase({ tier: index < 2 ? 'A' : 'B', alert: { labels: { alertname: `Alert${index}` } } }),
        );
        const { content } = JSON.parse(await bodyFor(wecom, messageOf(items))).markdown;
        const told = content.match(/\*\*Alert\d+\*\*/g)?.length ?? 0;
        const counted = Number(/and (\d+) more: /.exec(content)?.[1] ?? 0);
        expect(told + counted).toBe(count);
        expect(told).toBeGreaterThan(1);
      }),
      { numRuns: 50 },
    );
  });
});

const ownTags =
  /<!doctype html>|<meta charset="utf-8">|<body style="font-family: sans-serif">|<\/body>|<\/?h3>|<\/?b>|<\/?div(?: style="margin-left: 1em")?>|<span style="color: #(?:c00|080)">|<\/span>|<a href="https?:\/\/[^"<>\s]+">|<\/a>/g;

describe('the check of these cards', () => {
  it.each([
    ['[x](http://evil.example', 'a link that is none'],
    ['[x](javascript:alert)', 'a link that is none'],
    ['see http://evil.example', 'a link that is none'],
    ['<@all>', 'a tag or a mention'],
    ['@all', 'a mention'],
    ['<font color="info">x', 'a tag or a mention'],
    ['a `b', 'code'],
    ['**a', 'half bold'],
    ['a *b* c', 'slanted'],
    ['_a_', 'slanted'],
    ['&lt;@all&gt;', 'an entity or an escape'],
    ['\ud83d', 'half a character'],
    ['a\u202eb', 'an invisible character'],
    ['a\u0007', 'a control character'],
    ['# a', 'a line that begins a block'],
  ])('finds fault with %j', (text, problem) => {
    expect(markdownProblems(text, { mentions: [], limit: 4096 })).toContain(problem);
  });

  it('finds fault with one byte too many, and none with a good card', () => {
    expect(markdownProblems('温', { mentions: [], limit: 2 })).toEqual(['3 bytes, over 2']);
    const good =
      '### 🔴 A · X\n\n**mes_db_up is 0**\n> Since: now\n\n[Runbook](https://wiki.example/a?b=c#d) · x';
    expect(markdownProblems(good, { mentions: [], limit: 4096 })).toEqual([]);
  });
});

describe('a text that is too long', () => {
  it('is cut between characters as a reader counts them, in bytes of UTF-8', () => {
    expect(clip('温度过高', 12)).toBe('温度过高');
    expect(clip('温度过高', 11)).toBe('温度…');
    expect(clip('a👩‍🔧b', 12)).toBe('a…');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 3, max: 40 }), (text, bytes) => {
        expect(Buffer.byteLength(clip(text, bytes))).toBeLessThanOrEqual(bytes);
      }),
    );
  });

  it('is not read to its end', () => {
    expect(cleanText('x'.repeat(30_000))).toBe(`${'x'.repeat(4000)}…`);
  });
});

describe('a link', () => {
  it('leads where it did, and ends nowhere early', () => {
    expect(safeLink('https://wiki.example/a b/(c)?q=[d]&e=f#g')).toBe(
      'https://wiki.example/a%20b/%28c%29?q=%5Bd%5D&e=f#g',
    );
    expect(safeLink('http://[::1]:3000/d/x')).toBe('http://[::1]:3000/d/x');
  });

  it.each([
    'javascript:alert(1)',
    'https://a@b.example/',
    'README.md#x',
    `https://a.example/${'x'.repeat(600)}`,
    '',
  ])('is left out when it is %j', (value) => expect(safeLink(value)).toBeUndefined());
});
