import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Channel } from '../channel.ts';
import type { Message } from '../message.ts';
import { callsPeople, subjectOf } from './card/card.ts';
import { dingtalkMarkdown, plainInMarkdown } from './card/markdown-dialects.ts';
import { cardFields, receiverFields, secret } from './receiver-fields.ts';
import { cardFor, robotKey, robotLimit, robotUrl, styleOf, tellRobot } from './robot.ts';
import type { RobotCodes } from './robot-answer.ts';
import type { ChannelTools } from './tools.ts';

/** Bytes of the whole body, as JSON; longer ones get errcode 460101. Source: timonwong/prometheus-webhook-dingtalk#30, #222. */
export const dingtalkBodyLimit = 20_000;

/**
 * 130101 and, since the codes were sorted anew, 410100: too fast. It says that it then takes nothing for ten minutes;
 * asking once a minute costs little, and an A does not wait longer than it must.
 */
const codes: RobotCodes = {
  tooFast: [130101, 410100],
  tooFastMs: 60_000,
  passing: [-1],
  mend: {
    310000: 'its security settings: secret, clock of this computer, keyword or address',
    400013: 'the group was dissolved',
    400101: 'the access token is wrong',
    400102: 'the robot was stopped',
    400106: 'the robot was taken out of the group',
    460101: 'the message is too long',
  },
};

/** A robot of a DingTalk group: its address with the access token in it, or the token alone, and the secret it signs with. */
export const dingtalkReceiver = z
  .strictObject({
    kind: z.literal('dingtalk'),
    ...receiverFields,
    ...cardFields,
    url: robotUrl.default('https://oapi.dingtalk.com/robot/send'),
    access_token: secret.optional(),
    secret,
    /** Mobile numbers of members that are called in messages with an A that is not over. */
    mentions: z
      .array(z.string().regex(/^(\+\d{1,3}-)?\d{5,15}$/, 'must be a mobile number, as in "13800000000"'))
      .max(10)
      .default([]),
  })
  .refine(({ url, access_token }) => robotKey(url, 'access_token', access_token) !== undefined, {
    path: ['access_token'],
    message: 'must be given once: here, or in the url as ?access_token=',
  });
export type DingtalkReceiver = z.output<typeof dingtalkReceiver>;

/** Sends Markdown to a DingTalk group, signed. */
export function dingtalkChannel(receiver: DingtalkReceiver, tools: ChannelTools): Channel {
  const token = robotKey(receiver.url, 'access_token', receiver.access_token) ?? '';
  return {
    limit: robotLimit,
    send(message, signal) {
      const { url, sign } = signedUrl(receiver, token, tools.clock.now());
      const body = bodyOf(message, receiver, tools);
      return tellRobot({ url, body }, codes, [token, receiver.secret, sign], tools, signal);
    },
  };
}

/** The signature holds for an hour around its timestamp. */
function signedUrl(receiver: DingtalkReceiver, token: string, now: number): { url: string; sign: string } {
  const sign = createHmac('sha256', receiver.secret).update(`${now}\n${receiver.secret}`).digest('base64');
  const url = new URL(receiver.url);
  url.searchParams.set('access_token', token);
  url.searchParams.set('timestamp', String(now));
  url.searchParams.set('sign', sign);
  return { url: url.href, sign };
}

function bodyOf(message: Message, receiver: DingtalkReceiver, tools: ChannelTools): string {
  const called = callsPeople(message) ? receiver.mentions : [];
  const mentions = called.length === 0 ? '' : `\n\n${called.map((mobile) => `@${mobile}`).join(' ')}`;
  const title = plainInMarkdown(subjectOf(message, styleOf(receiver, tools)));
  const write = (text: string) =>
    JSON.stringify({
      msgtype: 'markdown',
      markdown: { title, text: text + mentions },
      // Who is called stands here alone: a number in the text calls nobody.
      at: { atMobiles: called, isAtAll: false },
    });
  const fits = (text: string) => Buffer.byteLength(write(text)) <= dingtalkBodyLimit;
  return write(cardFor(message, receiver, tools, { dialect: dingtalkMarkdown, fits }).text);
}
