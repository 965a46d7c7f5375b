import { type ListeningServer, listen } from '../../kit/http-server.ts';

// Answers of RabbitMQ 3.10.8, shortened: one queue with a consumer and one just declared, whose statistics are `[]`.
const totals = [
  { exclusive: false, messages_ready: 7, messages_unacknowledged: 2, name: 'erp.operations', vhost: '/' },
  { exclusive: false, messages_ready: 1, messages_unacknowledged: 0, name: 'mes.dead-letters', vhost: '/' },
  { exclusive: true, messages_ready: 0, messages_unacknowledged: 0, name: 'amq.gen-XYZ', vhost: '/' },
];
const items = [
  {
    arguments: {},
    effective_policy_definition: [],
    head_message_timestamp: 1_750_000_000,
    message_stats: { ack: 341, redeliver: 3 },
    messages: 9,
    name: 'erp.operations',
    vhost: '/',
  },
  { arguments: [], head_message_timestamp: null, message_stats: [], name: 'mes.dead-letters', vhost: '/' },
  { name: 'amq.gen-XYZ', vhost: '/' },
];
const consumers = [
  { queue: { name: 'erp.operations', vhost: '/' } },
  { queue: { name: 'erp.operations', vhost: '/' } },
];

/** What the management API is asked for. */
export type ManagementDoor = 'totals' | 'statistics' | 'consumers' | 'exchanges' | 'bindings';

/** The parts of a broker's management API that the exporter asks, for the user `guest` with the password `p@ss`. */
export function startFakeRabbitmq(
  answers: Partial<Record<ManagementDoor, unknown>> = {},
): Promise<ListeningServer> {
  const expected = `Basic ${Buffer.from('guest:p@ss').toString('base64')}`;
  const all = {
    totals,
    consumers,
    statistics: { page_count: 1, items },
    exchanges: [],
    bindings: [],
    ...answers,
  };
  return listen(
    ({ url = '', headers }, response) => {
      const answer = all[doorOf(url)];
      if (headers.authorization !== expected) response.writeHead(401).end();
      else if (answer !== 'never') response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    },
    { host: '127.0.0.1', port: 0 },
  );
}

function doorOf(url: string): ManagementDoor {
  const [, door] = /^\/api\/(consumers|exchanges|bindings)/.exec(url) ?? [];
  if (door !== undefined) return door as ManagementDoor;
  return url.includes('disable_stats=true') ? 'totals' : 'statistics';
}

/** Its address, as it stands in andon.yaml. */
export const fakeManagementUrl = ({ port }: ListeningServer, password = 'p%40ss'): string =>
  `http://guest:${password}@127.0.0.1:${port}`;
