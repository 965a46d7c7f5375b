import type { Channel, SyncMessage } from 'rabbitmq-client';

const mark = 'andon-raw:';

/** The frame that comes before a body, as far as it matters here. */
interface HeaderFrame {
  fields: { contentType?: string };
}

/**
 * Makes a channel hand out bodies as the bytes that they are. The library parses JSON and text by their content type, and what is
 * written again is not always what was read: 1.0 becomes 1, long numbers lose their end, bytes that are no UTF-8 are replaced. It
 * has no setting for that, so the content type is disguised before the body comes; `contentOf` undoes it.
 */
export function keepBytes(channel: Channel): Channel {
  // Not part of its types; the test of this file fails when a new version of the library calls it otherwise.
  const inner = channel as unknown as { _onHeader?: (frame: HeaderFrame) => void };
  const original = inner._onHeader;
  if (typeof original !== 'function') throw new TypeError('this version of rabbitmq-client has no _onHeader');
  inner._onHeader = (frame) => {
    const { contentType } = frame.fields;
    if (contentType !== undefined) frame.fields.contentType = `${mark}${contentType}`;
    original.call(channel, frame);
  };
  return channel;
}

/** The body of a message from such a channel, and its true content type. */
export function contentOf({ body, contentType }: Pick<SyncMessage, 'body' | 'contentType'>): {
  body: Buffer;
  contentType: string | undefined;
} {
  if (!Buffer.isBuffer(body)) throw new TypeError('the body of this message has been parsed');
  return { body, contentType: contentType?.startsWith(mark) ? contentType.slice(mark.length) : contentType };
}
