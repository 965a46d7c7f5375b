import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { type ListeningServer, listen } from '../../kit/http-server.ts';
import { has } from './prometheus.ts';

const bodySchema = z.object({
  alerts: z.array(
    z.object({
      status: z.enum(['firing', 'resolved']),
      labels: z.record(z.string(), z.string()),
      startsAt: z.coerce.date(),
    }),
  ),
});

interface Delivery {
  readonly labels: Readonly<Record<string, string>>;
  readonly startsAt: number;
  readonly receivedAt: number;
}

/** Takes what Alertmanager delivers and remembers when each alert came. */
export class Receiver implements AsyncDisposable {
  readonly #deliveries: Delivery[] = [];
  #server: ListeningServer | undefined;

  async open(port: number): Promise<void> {
    this.#server = await listen(
      (request, response) => {
        const receivedAt = Date.now();
        void text(request).then((body) => {
          this.#note(bodySchema.parse(JSON.parse(body)), receivedAt);
          response.writeHead(200).end();
        });
      },
      { host: '127.0.0.1', port },
    );
  }

  #note({ alerts }: z.output<typeof bodySchema>, receivedAt: number): void {
    for (const { status, labels, startsAt } of alerts)
      if (status === 'firing') this.#deliveries.push({ labels, startsAt: startsAt.getTime(), receivedAt });
  }

  /** When an alert with these labels that has fired since then was first delivered. */
  deliveredAt(labels: Readonly<Record<string, string>>, since: number): number | undefined {
    return this.#deliveries.find((one) => one.startsAt >= since && has(one.labels, labels))?.receivedAt;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }
}
