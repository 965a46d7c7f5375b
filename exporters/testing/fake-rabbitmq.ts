import { type ListeningServer, listen } from '../../kit/http-server.ts';

// Answers of RabbitMQ 3.10.8, shortened: one queue with a consumer and one just declared, whose statistics are `[]`.
const totals = [
  { exclusive: false, messages_ready: 7, messages_unacknowledged: 2, name: 'erp.operations', vhost: '/' },
  { exclusive: false, messages_ready: 1, messages_unacknowledged: 0, name: 'mes.dead-letters', vhost: '/' },
  { exclusive: true, messages_ready: 0, messages_unacknowledged: 0, name: 'amq.gen-XYZ', vhost: '/' },
];
const statistics = [
  { message_stats: { ack: 341, redeliver: 3 }, name: 'erp.operations', vhost: '/' },
  { message_stats: [], name: 'mes.dead-letters', vhost: '/' },
  { name: 'amq.gen-XYZ', vhost: '/' },
];
const consumers = [
  { queue: { name: 'erp.operations', vhost: '/' } },
  { queue: { name: 'erp.operations', vhost: '/' } },
];

/** The parts of a broker's management API that the exporter asks, for the user `guest` with the password `p@ss`. */
export function startFakeRabbitmq(): Promise<ListeningServer> {
  const expected = `Basic ${Buffer.from('guest:p@ss').toString('base64')}`;
  return listen(
    ({ url = '', headers }, response) => {
      if (headers.authorization !== expected) response.writeHead(401).end();
      else if (url.startsWith('/api/consumers')) response.end(JSON.stringify(consumers));
      else if (url.includes('disable_stats=true')) response.end(JSON.stringify(totals));
      else response.end(JSON.stringify(statistics));
    },
    { host: '127.0.0.1', port: 0 },
  );
}

/** Its address, as it stands in andon.yaml. */
export const fakeManagementUrl = ({ port }: ListeningServer, password = 'p%40ss'): string =>
  `http://guest:${password}@127.0.0.1:${port}`;
