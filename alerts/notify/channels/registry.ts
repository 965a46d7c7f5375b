import { z } from 'zod';
import type { Channel } from '../channel.ts';
import { dingtalkChannel, dingtalkReceiver } from './dingtalk.ts';
import { emailChannel, emailReceiver } from './email.ts';
import type { ChannelTools } from './tools.ts';
import { webhookChannel, webhookReceiver } from './webhook.ts';
import { wecomChannel, wecomReceiver } from './wecom.ts';

/** One of `notify.receivers` in andon.yaml. */
export const receiverSchema = z.discriminatedUnion(
  'kind',
  [wecomReceiver, dingtalkReceiver, webhookReceiver, emailReceiver],
  { error: 'must be wecom, dingtalk, webhook or email' },
);
export type Receiver = z.output<typeof receiverSchema>;

/** The way to one receiver. */
export function createChannel(receiver: Receiver, tools: ChannelTools): Channel {
  switch (receiver.kind) {
    case 'wecom':
      return wecomChannel(receiver, tools);
    case 'dingtalk':
      return dingtalkChannel(receiver, tools);
    case 'webhook':
      return webhookChannel(receiver, tools);
    case 'email':
      return emailChannel(receiver, tools);
  }
}
