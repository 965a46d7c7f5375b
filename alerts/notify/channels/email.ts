import { z } from 'zod';
import { messageOf } from '../../../kit/errors.ts';
import type { Channel, SendResult } from '../channel.ts';
import type { Message } from '../message.ts';
import { subjectOf } from './card/card.ts';
import { htmlMail, plainMail } from './card/mail-dialects.ts';
import { mailIds } from './mail-ids.ts';
import { safeReason } from './reason.ts';
import { cardFields, receiverFields } from './receiver-fields.ts';
import { cardFor, styleOf } from './robot.ts';
import type { ChannelTools } from './tools.ts';

/** Mail servers limit in their own ways, and few below this. */
const emailLimit = { messages: 30, perMs: 60_000 } as const;

/** Bytes of each of the two parts: large mail providers show no more without a click. */
const partLimit = 100_000;

const usualPort = { starttls: 587, tls: 465, none: 25 } as const;

/** A mailbox, by SMTP. */
export const emailReceiver = z
  .strictObject({
    kind: z.literal('email'),
    ...receiverFields,
    ...cardFields,
    host: z.hostname().or(z.ipv4()).or(z.ipv6()),
    /** 587 for starttls, 465 for tls, 25 for none. */
    port: z.int().min(1).max(65_535).optional(),
    /** `starttls`: nothing is sent before the connection is encrypted; `tls`: it is from the start. */
    encryption: z.enum(['starttls', 'tls', 'none']).default('starttls'),
    user: z.string().min(1).optional(),
    password: z.string().min(1).optional(),
    from: z.email(),
    to: z.array(z.email()).min(1).max(50),
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), {
    path: ['password'],
    message: 'user and password belong together',
  })
  .refine(({ user, encryption }) => user === undefined || encryption !== 'none', {
    path: ['encryption'],
    message: 'must not be none where there is a password: it would be sent in the open',
  });
export type EmailReceiver = z.output<typeof emailReceiver>;

/** Sends mail, as text and as simple HTML. */
export function emailChannel(receiver: EmailReceiver, tools: ChannelTools): Channel {
  return {
    limit: emailLimit,
    async send(message, signal) {
      try {
        const transport = await transportOf(receiver);
        const sent = await transport.sendMail({ ...mailOf(message, receiver, tools), signal });
        if (sent.rejected.length > 0)
          tools.log.warn(
            { receiver: receiver.name, message: message.id, rejected: sent.rejected },
            'the mail server took a message for some of the addresses only',
          );
        return { outcome: 'delivered' };
      } catch (error) {
        return failed(error, receiver, signal);
      }
    },
  };
}

/** One connection for each message: alerts are rare, and a mail server closes idle ones. */
async function transportOf({ host, port, encryption, user, password }: EmailReceiver) {
  // Every command reads andon.yaml and with it this file; few send mail.
  const { createTransport } = await import('nodemailer');
  return createTransport({
    host,
    port: port ?? usualPort[encryption],
    secure: encryption === 'tls',
    requireTLS: encryption === 'starttls',
    ignoreTLS: encryption === 'none',
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    // A message never makes the notifier read a file or an address.
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(user === undefined ? {} : { auth: { user, pass: password } }),
  });
}

function mailOf(message: Message, receiver: EmailReceiver, tools: ChannelTools) {
  const fits = (text: string) => Buffer.byteLength(text) <= partLimit;
  return {
    from: receiver.from,
    to: receiver.to,
    subject: subjectOf(message, styleOf(receiver, tools)),
    text: cardFor(message, receiver, tools, { dialect: plainMail, fits }).text,
    html: cardFor(message, receiver, tools, { dialect: htmlMail, fits }).text,
    ...mailIds(message, receiver.from),
    // RFC 3834: no answering machine answers it.
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}

/** RFC 5321: 4xx passes, 5xx will be said again. Whatever is no verdict on the message (network, TLS) may pass. */
function failed(error: unknown, receiver: EmailReceiver, signal: AbortSignal): SendResult {
  if (signal.aborted) return { outcome: 'retry', reason: 'no answer in time' };
  const { responseCode, code } = error as { responseCode?: unknown; code?: unknown };
  const isFinal = typeof responseCode === 'number' && responseCode >= 500 && code !== 'ETLS';
  const reason = safeReason(messageOf(error), [receiver.password ?? '', credentials(receiver)]);
  return { outcome: isFinal ? 'refused' : 'retry', reason };
}

/** As AUTH PLAIN sends them: a server may repeat the line that it does not like. */
const credentials = ({ user = '', password = '' }: EmailReceiver): string =>
  password === '' ? '' : `\0${user}\0${password}`;
