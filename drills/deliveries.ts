import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { type ListenAddress, type ListeningServer, listen } from '../kit/http-server.ts';
import type { Log } from '../kit/log.ts';

const bodySchema = z.object({
  alerts: z.array(
    z.object({
      status: z.enum(['firing', 'resolved']),
      labels: z.record(z.string(), z.string()),
      startsAt: z.string(),
    }),
  ),
});

/** One alert as it reached us: the moment a person's telephone would have rung. */
export interface Delivery {
  alert: string;
  tier: string;
  status: 'firing' | 'resolved';
  /** When Prometheus let it fire, Unix milliseconds. */
  startsAt: number;
  receivedAt: number;
}

/** Receives Alertmanager's webhook while a drill runs, so that "delivered" is seen and not assumed. */
export function receiveDeliveries(
  address: ListenAddress,
  token: string | undefined,
  deps: { now: () => number; log: Log },
  onDelivery: (delivery: Delivery) => void,
): Promise<ListeningServer> {
  const handle = async (request: IncomingMessage): Promise<number> => {
    const receivedAt = deps.now();
    if (request.method !== 'POST' || request.url !== '/alertmanager') return 404;
    if (token !== undefined && !sameSecret(request.headers.authorization, `Bearer ${token}`)) return 401;
    const body = bodySchema.safeParse(JSON.parse(await text(request)));
    if (!body.success) return 400;
    for (const { status, labels, startsAt } of body.data.alerts) {
      const { alertname: alert = '', tier = '' } = labels;
      onDelivery({ alert, tier, status, startsAt: Date.parse(startsAt), receivedAt });
    }
    return 202;
  };
  const listener: RequestListener = (request, response) => {
    handle(request)
      .catch((error: unknown) => {
        deps.log.warn({ error }, 'a delivery could not be read');
        return 400;
      })
      .then((status) => response.writeHead(status).end());
  };
  return listen(listener, address);
}

function sameSecret(given: string | undefined, wanted: string): boolean {
  const a = Buffer.from(given ?? '');
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}
