import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { type ListeningServer, listen } from '../../../../kit/http-server.ts';

/** What a robot says. */
export interface RobotAnswer {
  readonly errcode: number;
  readonly errmsg: string;
}

export interface RobotRequest {
  readonly url: URL;
  readonly body: string;
  /** The body, or undefined where it is no message of type markdown. */
  readonly markdown:
    | { readonly content?: string; readonly title?: string; readonly text?: string }
    | undefined;
  readonly at: { readonly atMobiles: readonly string[]; readonly isAtAll: boolean } | undefined;
}

/** A robot in a group on this computer: it answers as the real one, always with HTTP 200, and keeps what it took. */
export interface FakeRobot extends ListeningServer {
  /** Texts that it has shown to the group. */
  readonly shown: string[];
  readonly requests: RobotRequest[];
  /** Says this to the next message instead of looking at it. */
  sayNext(answer: RobotAnswer): void;
}

const message = z.object({
  msgtype: z.literal('markdown'),
  markdown: z.object({
    content: z.string().optional(),
    title: z.string().optional(),
    text: z.string().optional(),
  }),
  at: z.object({ atMobiles: z.array(z.string()), isAtAll: z.boolean() }).optional(),
});

/** Starts one; `judge` says what it does not like, and undefined when it shows the text. */
export async function startFakeRobot(
  path: string,
  judge: (request: RobotRequest, shown: number) => RobotAnswer | undefined,
): Promise<FakeRobot> {
  const shown: string[] = [];
  const requests: RobotRequest[] = [];
  const answers: RobotAnswer[] = [];
  const server = await listen(
    async (request, response) => {
      const received = await receive(request);
      requests.push(received);
      const isPost = request.method === 'POST' && received.url.pathname === path;
      const answer = isPost
        ? (answers.shift() ?? judge(received, shown.length))
        : { errcode: 404, errmsg: 'not found' };
      if (answer === undefined) shown.push(received.markdown?.content ?? received.markdown?.text ?? '');
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answer ?? { errcode: 0, errmsg: 'ok' }));
    },
    { host: '127.0.0.1', port: 0 },
  );
  return {
    ...server,
    url: server.url + path,
    shown,
    requests,
    sayNext: (answer) => void answers.push(answer),
  };
}

async function receive(request: IncomingMessage): Promise<RobotRequest> {
  const body = await text(request);
  const parsed = message.safeParse(parse(body));
  return {
    url: new URL(request.url ?? '/', 'http://robot'),
    body,
    markdown: parsed.data?.markdown as RobotRequest['markdown'],
    at: parsed.data?.at,
  };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
