import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Delivery } from './deliveries.ts';
import { stormToken } from './storm-service.ts';

/** One answered attempt. */
export interface Answered {
  /** When it was to be sent (milliseconds of performance.now), and how long its answer took from then. */
  at: number;
  tookMs: number;
}

export interface StormResult {
  answered: Answered[];
  /** Attempts that got no 2xx, and were sent again. */
  again: number;
}

/** As Alertmanager does: what got no 2xx is sent again. Each attempt has this long. */
const attemptMs = 10_000;
const againAfterMs = 250;

/** Sends a storm at a rate, whether or not answers come; `told` hears how many were sent. Resolves when all have their 2xx. */
export async function sendStorm(
  storm: readonly Delivery[],
  to: { url: string; perSecond: number; connections: number },
  told: (sent: number) => void = () => {},
): Promise<StormResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: to.connections, scheduling: 'fifo' });
  const result: StormResult = { answered: [], again: 0 };
  const begun = performance.now();
  const all: Promise<void>[] = [];
  while (all.length < storm.length) {
    const due = Math.min(storm.length, Math.ceil(((performance.now() - begun) / 1000) * to.perSecond));
    for (const { body } of storm.slice(all.length, due)) {
      // From when it should have been sent, so that a slow answer does not hide the ones behind it.
      const at = begun + (all.length / to.perSecond) * 1000;
      all.push(untilTaken(body, to.url, agent, at, result));
    }
    told(all.length);
    await delay(5);
  }
  await Promise.all(all);
  agent.destroy();
  return result;
}

async function untilTaken(
  body: string,
  url: string,
  agent: Agent,
  at: number,
  result: StormResult,
): Promise<void> {
  for (let due = at; ; due = performance.now()) {
    if (await attempt(body, url, agent)) {
      result.answered.push({ at: due, tookMs: performance.now() - due });
      return;
    }
    result.again += 1;
    await delay(againAfterMs);
  }
}

function attempt(body: string, url: string, agent: Agent): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request(
      `${url}/alertmanager`,
      {
        method: 'POST',
        agent,
        headers: { authorization: `Bearer ${stormToken}`, 'content-length': Buffer.byteLength(body) },
        timeout: attemptMs,
      },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode === 202));
        response.once('error', () => resolve(false));
      },
    );
    sent.once('timeout', () => sent.destroy());
    sent.once('error', () => resolve(false));
    sent.end(body);
  });
}
