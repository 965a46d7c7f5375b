import { createHmac } from 'node:crypto';
import type { Clock } from '../../../../kit/clock.ts';
import { type FakeRobot, startFakeRobot } from './fake-robot.ts';

const hourMs = 3_600_000;

/** A robot of a DingTalk group that wants to be signed to: it takes 20 messages, each with a body of at most 20,000 bytes. */
export const startFakeDingtalk = (
  { token, secret }: { token: string; secret: string },
  clock: Pick<Clock, 'now'>,
): Promise<FakeRobot> =>
  startFakeRobot('/robot/send', ({ url, body, markdown }, shown) => {
    const query = url.searchParams;
    if (query.get('access_token') !== token) return { errcode: 300005, errmsg: 'token is not exist' };
    const timestamp = query.get('timestamp') ?? '';
    if (!(Math.abs(clock.now() - Number(timestamp)) <= hourMs))
      return { errcode: 310000, errmsg: 'invalid timestamp' };
    const sign = createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64');
    if (query.get('sign') !== sign)
      return { errcode: 310000, errmsg: `sign not match: ${query.get('sign')}` };
    if (Buffer.byteLength(body) > 20_000)
      return { errcode: 460101, errmsg: 'message too long, exceed 20000 bytes' };
    if (!markdown?.title || !markdown.text) return { errcode: 40035, errmsg: 'missing parameter' };
    return shown >= 20 ? { errcode: 130101, errmsg: 'send too fast, exceed 20 times per minute' } : undefined;
  });
