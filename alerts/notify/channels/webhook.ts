import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Channel, SendResult } from '../channel.ts';
import { noticeBody } from './notice.ts';
import { type Answer, post, statusText } from './post.ts';
import { safeReason } from './reason.ts';
import { receiverFields, secret } from './receiver-fields.ts';
import { retryAfterMs } from './retry-after.ts';
import type { ChannelTools } from './tools.ts';

/** Nobody states a limit for a webhook; this one keeps a mistake from flooding it. */
const webhookLimit = { messages: 600, perMs: 60_000 } as const;

const url = z.url({ protocol: /^https?$/ }).refine((text) => {
  const { username, password } = new URL(text);
  return username === '' && password === '';
}, 'must have no user in it: use token or secret');

/** Any program that takes JSON. */
export const webhookReceiver = z.strictObject({
  kind: z.literal('webhook'),
  ...receiverFields,
  url,
  /** Sent as `Authorization: Bearer …`. */
  token: secret.optional(),
  /** Each body is signed with it, in the header `Andon-Signature`. */
  secret: secret.optional(),
});
export type WebhookReceiver = z.output<typeof webhookReceiver>;

/** Posts `andon.notice/v1`. */
export function webhookChannel(receiver: WebhookReceiver, tools: ChannelTools): Channel {
  const secrets = [receiver.token ?? '', receiver.secret ?? '', ...secretsIn(receiver.url)];
  return {
    limit: webhookLimit,
    async send(message, signal) {
      const { body, left } = noticeBody(message, receiver.name);
      const headers = headersOf(receiver, message.id, body, tools.clock.now());
      const answer = await post({ url: receiver.url, headers, body, readSuccess: false }, tools, signal);
      if (left > 0)
        tools.log.info(
          { receiver: receiver.name, message: message.id, counted: left },
          'a message was too long',
        );
      if ('trouble' in answer) return { outcome: 'retry', reason: safeReason(answer.trouble, secrets) };
      return resultOf(answer, secrets, tools.clock.now());
    },
  };
}

/** Many webhooks have their secret in the address, and many servers repeat the address that they do not know. */
function secretsIn(url: string): string[] {
  const { pathname, searchParams } = new URL(url);
  return [...pathname.split('/'), ...searchParams.values()].filter(({ length }) => length >= 8);
}

function headersOf(receiver: WebhookReceiver, id: string, body: string, now: number): Record<string, string> {
  const { token, secret } = receiver;
  return {
    'idempotency-key': encodeURIComponent(id),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(secret === undefined ? {} : { 'andon-signature': signature(secret, body, Math.floor(now / 1000)) }),
  };
}

/** The time is signed too, so that a receiver can refuse what somebody else has recorded and sends again. */
function signature(secret: string, body: string, seconds: number): string {
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}

/** Those that say "not now". */
const passing = [408, 425, 429];

function resultOf(answer: Answer, secrets: readonly string[], now: number): SendResult {
  const { status } = answer;
  if (status >= 200 && status < 300) return { outcome: 'delivered' };
  const said = answer.text === '' ? '' : `: ${answer.text.slice(0, 200)}`;
  const reason = safeReason(`${statusText(answer)}${said}`, secrets);
  if (status >= 400 && status < 500 && !passing.includes(status)) return { outcome: 'refused', reason };
  const afterMs = retryAfterMs(answer.retryAfter, now);
  return { outcome: 'retry', reason, ...(afterMs === undefined ? {} : { afterMs }) };
}
