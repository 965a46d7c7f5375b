import { type FakeRobot, startFakeRobot } from './fake-robot.ts';

/** A robot of a WeCom group with this key: it takes 20 messages, each of at most 4096 bytes. */
export const startFakeWecom = (key: string): Promise<FakeRobot> =>
  startFakeRobot('/cgi-bin/webhook/send', ({ url, markdown }, shown) => {
    const given = url.searchParams.get('key');
    // As the real one it repeats what it was given.
    if (given !== key)
      return { errcode: 93000, errmsg: `invalid webhook url, hint: [${given}], from ip: 127.0.0.1` };
    if (markdown?.content === undefined) return { errcode: 40008, errmsg: 'invalid message type' };
    if (Buffer.byteLength(markdown.content) > 4096)
      return { errcode: 40058, errmsg: 'markdown.content exceed max length 4096' };
    return shown >= 20 ? { errcode: 45009, errmsg: 'api freq out of limit' } : undefined;
  });
