import { z } from 'zod';
import type { Channel } from '../channel.ts';
import type { Message } from '../message.ts';
import { callsPeople } from './card/card.ts';
import { wecomMarkdown } from './card/markdown-dialects.ts';
import { cardFields, receiverFields, secret } from './receiver-fields.ts';
import { cardFor, robotKey, robotLimit, robotUrl, tellRobot } from './robot.ts';
import type { RobotCodes } from './robot-answer.ts';
import type { ChannelTools } from './tools.ts';

/** Bytes of UTF-8 in `markdown.content`; longer ones get errcode 40058. Source: developer.work.weixin.qq.com, path 91770. */
export const wecomContentLimit = 4096;

/** Source: developer.work.weixin.qq.com, path 90313. 45009: over 20 in a minute; 45033: too many at once. */
const codes: RobotCodes = {
  tooFast: [45009, 45033],
  tooFastMs: 60_000,
  passing: [-1],
  mend: { 93000: 'the key is wrong, or the robot was taken out of the group' },
};

/** A robot of a WeCom group: its address with the key in it, or the key alone. */
export const wecomReceiver = z
  .strictObject({
    kind: z.literal('wecom'),
    ...receiverFields,
    ...cardFields,
    url: robotUrl.default('https://qyapi.weixin.qq.com/cgi-bin/webhook/send'),
    key: secret.optional(),
    /** User ids that are called in messages with an A that is not over. */
    mentions: z
      .array(z.string().regex(/^[\w.@-]{1,64}$/, 'must be the user id of a member'))
      .max(10)
      .default([]),
  })
  .refine(({ url, key }) => robotKey(url, 'key', key) !== undefined, {
    path: ['key'],
    message: 'must be given once: here, or in the url as ?key=',
  });
export type WecomReceiver = z.output<typeof wecomReceiver>;

/** Sends Markdown to a WeCom group. */
export function wecomChannel(receiver: WecomReceiver, tools: ChannelTools): Channel {
  const url = new URL(receiver.url);
  const key = robotKey(receiver.url, 'key', receiver.key) ?? '';
  url.searchParams.set('key', key);
  return {
    limit: robotLimit,
    send(message, signal) {
      const body = JSON.stringify({
        msgtype: 'markdown',
        markdown: { content: content(message, receiver, tools) },
      });
      return tellRobot({ url: url.href, body }, codes, [key], tools, signal);
    },
  };
}

function content(message: Message, receiver: WecomReceiver, tools: ChannelTools): string {
  const called = callsPeople(message) ? receiver.mentions : [];
  const mentions = called.length === 0 ? '' : `\n\n${called.map((id) => `<@${id}>`).join(' ')}`;
  const fits = (text: string) => Buffer.byteLength(text + mentions) <= wecomContentLimit;
  return cardFor(message, receiver, tools, { dialect: wecomMarkdown, fits }).text + mentions;
}
