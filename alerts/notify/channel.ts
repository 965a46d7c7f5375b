import type { Message } from './message.ts';

/** How one attempt ended. What is refused will be refused again: it becomes a dead letter. */
export type SendResult =
  | { readonly outcome: 'delivered' }
  | { readonly outcome: 'retry'; readonly reason: string; readonly afterMs?: number }
  | { readonly outcome: 'refused'; readonly reason: string };

/** A way to people: a robot of WeCom or DingTalk, a webhook, e-mail. */
export interface Channel {
  /** The most messages in a time that its other end accepts, as its makers say; a receiver's own limit may be lower. */
  readonly limit: { readonly messages: number; readonly perMs: number };
  /** One attempt. Never throws for what the other end does; must settle soon after the signal aborts. */
  send(message: Message, signal: AbortSignal): Promise<SendResult>;
}
