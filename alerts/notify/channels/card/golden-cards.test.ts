import { describe, expect, it } from 'vitest';
import { wallClock } from '../../../../kit/wall-clock.ts';
import type { Message } from '../../message.ts';
import { blockedDatabase, lostHeartbeat, messageOf, silentDevice, testNow } from '../testing/messages.ts';
import { subjectOf, writeCard } from './card.ts';
import type { Dialect } from './line.ts';
import { htmlMail, plainMail } from './mail-dialects.ts';
import { dingtalkMarkdown, wecomMarkdown } from './markdown-dialects.ts';
import { languages, wordsIn } from './words.ts';

const acknowledgeUrl = 'https://notify.plant.example/ack/Zk3vQ0nXo2n5J1cB7rT9wA';

const messages: Readonly<Record<string, Message>> = {
  firing: messageOf([blockedDatabase({ acknowledgeUrl })]),
  resolved: messageOf([blockedDatabase({ event: 'resolved' })]),
  escalated: messageOf([blockedDatabase({ event: 'escalated', acknowledgeUrl })]),
  forty: messageOf(
    [
      blockedDatabase({ acknowledgeUrl }),
      blockedDatabase({ event: 'resolved' }),
      ...Array.from({ length: 30 }, (_, index) => silentDevice('B', index)),
      ...Array.from({ length: 8 }, (_, index) => silentDevice('C', index)),
    ],
    12,
  ),
  'heartbeat-lost': messageOf([lostHeartbeat]),
};

// DingTalk takes more, and would have room for all forty.
const dialects: readonly { name: string; dialect: Dialect; limit: number }[] = [
  { name: 'wecom.md', dialect: wecomMarkdown, limit: 4096 },
  { name: 'dingtalk.md', dialect: dingtalkMarkdown, limit: 5000 },
  { name: 'mail.txt', dialect: plainMail, limit: 100_000 },
  { name: 'mail.html', dialect: htmlMail, limit: 100_000 },
];

describe.each(languages)('in the language %s', (language) => {
  const style = { words: wordsIn[language], clock: wallClock('Asia/Shanghai'), now: testNow };

  it.each(Object.entries(messages))('the cards of "%s" are as they were approved', async (event, message) => {
    for (const { name, dialect, limit } of dialects) {
      const fits = (text: string) => Buffer.byteLength(text) <= limit;
      const { text } = writeCard(message, style, {
        dialect,
        fits,
        overviewUrl: 'https://alertmanager.plant.example',
      });
      const subject = name === 'mail.txt' ? `Subject: ${subjectOf(message, style)}\n\n` : '';
      await expect(`${subject}${text}\n`).toMatchFileSnapshot(`../golden/${event}.${language}.${name}`);
    }
  });

  it('has every word that the other has', () => {
    const keys = (value: object): string[] =>
      Object.entries(value).flatMap(([key, inner]) =>
        typeof inner === 'object' ? keys(inner).map((each) => `${key}.${each}`) : [key],
      );
    expect(keys(wordsIn[language])).toEqual(keys(wordsIn.en));
  });
});
