import type { Clock } from '../../kit/clock.ts';
import { messageOf, UnavailableError } from '../../kit/errors.ts';
import { type ListenAddress, type ListeningServer, listen } from '../../kit/http-server.ts';
import type { Log } from '../../kit/log.ts';
import { notifyApp } from './app.ts';
import type { Contact } from './contact.ts';
import { Heartbeat, type HeartbeatSettings } from './heartbeat.ts';
import { storeNotification } from './intake.ts';
import { notifySamples } from './metric-samples.ts';
import type { Backoff } from './pauses.ts';
import { addresseesOf, type Route } from './routes.ts';
import { Sender } from './sender.ts';
import { lockForServing } from './serving-lock.ts';
import { NotifyStore } from './store.ts';
import { Timekeeper } from './timekeeper.ts';

export interface NotifyServiceOptions {
  listen: ListenAddress;
  token: string;
  /** A SQLite file. */
  store: string;
  /** What stands before `/ack/…` in links; where it listens, when left out. */
  publicUrl?: string | undefined;
  contacts: readonly Contact[];
  routes: readonly Route[];
  heartbeat: HeartbeatSettings;
  /** What could not be delivered for so long is given up. */
  maxAgeMs: number;
  /** What was last heard of so long ago is forgotten. */
  keepMs: number;
  clock: Clock;
  log: Log;
  backoff?: Backoff;
}

/**
 * Listens for Alertmanager and tells people. Leaving its scope finishes what is being sent, or puts it back.
 * Throws an UnavailableError when it cannot listen, or another one works with the same store.
 */
export async function startNotifyService(options: NotifyServiceOptions): Promise<ListeningServer> {
  const { contacts, clock, log } = options;
  await using opened = new AsyncDisposableStack();
  opened.use(lockForServing(options.store));
  const store = opened.use(new NotifyStore(options.store, options.backoff));
  takeUp(store, options);
  const links = { base: options.publicUrl };
  const urlOf = (token: string) => `${links.base}/ack/${token}`;
  const senders = contacts.map((contact) => new Sender({ contact, store, clock, log, urlOf }));
  opened.defer(async () => void (await Promise.all(senders.map((sender) => sender[Symbol.asyncDispose]()))));
  const wake = () => {
    for (const { bell } of senders) bell.ring();
  };
  const server = opened.use(await listenFor(options, store, wake));
  links.base ??= server.url;
  const heartbeat = new Heartbeat(store, options.heartbeat, clock.now());
  const timekeeper = opened.use(new Timekeeper({ ...options, store, heartbeat, wake }));
  for (const sender of senders) sender.start();
  timekeeper.start();
  log.info({ url: server.url, receivers: contacts.length }, 'notifier listens');
  const owned = opened.move();
  const { host, port, url } = server;
  return { host, port, url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** What an earlier process left: messages it was sending, and queues of receivers that are no more. */
function takeUp(store: NotifyStore, { contacts, clock, log }: NotifyServiceOptions): void {
  const interrupted = store.recover(clock.now());
  if (interrupted > 0)
    log.warn(
      { messages: interrupted },
      'messages were being sent when the notifier last ended; they may come twice',
    );
  const names = contacts.map(({ name }) => name);
  store.transaction(() => store.deadLetters.buryOfUnknownReceivers(names, clock.now()));
}

function listenFor(options: NotifyServiceOptions, store: NotifyStore, wake: () => void) {
  const { contacts, routes, heartbeat, token, clock, log } = options;
  const names = contacts.map(({ name }) => name);
  const intake = {
    store,
    addressees: addresseesOf.bind(undefined, routes, names),
    isHeartbeat: ({ labels }: { labels: Readonly<Record<string, string>> }) =>
      labels.alertname === heartbeat.alert,
  };
  const app = notifyApp({
    ...{ store, token, clock, log },
    receive(notification) {
      storeNotification(notification, intake, clock.now());
      wake();
    },
    samples: () => notifySamples(store, names),
  });
  const { host, port } = options.listen;
  return listen(app, options.listen).catch((cause) => {
    throw new UnavailableError('notify.listen', `cannot listen on ${host}:${port}: ${messageOf(cause)}`, {
      mend: 'Choose another address under notify: listen:, or end what holds this one.',
      cause,
    });
  });
}
