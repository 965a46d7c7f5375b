import { connect, ErrorWithSubackPacket, type MqttClient } from 'mqtt';
import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import { brokerAnswerMs, brokerOptions, keepaliveSeconds } from './broker-options.ts';
import type { SparkplugSource } from './config.ts';

/** The pause before the next try doubles with each that fails, from one second to this. */
const longestPauseMs = 10_000;

/** So many messages are taken before others get their turn: all edge nodes of a plant may be born at once. */
const messagesAtATime = 100;

export interface BrokerListener {
  /** A new connection stands: what was sent before it may have been missed. */
  connected(): void;
  message(topic: string, payload: Uint8Array): void;
  /** Anything at all came from the broker, be it the answer to a ping. */
  heard(): void;
}

/** One connection to an MQTT broker for as long as the exporter runs; made anew when it is lost. */
export class BrokerConnection implements Disposable {
  readonly #source: SparkplugSource;
  readonly #filters: readonly string[];
  readonly #listener: BrokerListener;
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  readonly #tried = Promise.withResolvers<void>();
  #client: MqttClient | undefined;
  #isStarted = false;
  #trouble: string | undefined;

  constructor(source: SparkplugSource, filters: readonly string[], listener: BrokerListener, clock: Clock) {
    this.#source = source;
    this.#filters = filters;
    this.#listener = listener;
    this.#clock = clock;
    this.#trouble = `${source.broker}: no answer yet`;
  }

  /** Why nothing comes from the broker; undefined while the subscriptions stand. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Begins to connect, and resolves when the first try has ended either way. */
  firstTry(): Promise<void> {
    if (!this.#isStarted) void this.#run();
    this.#isStarted = true;
    return this.#tried.promise;
  }

  /** Sends a message if there is somebody to take it. */
  publish(topic: string, payload: Uint8Array): void {
    if (this.#trouble === undefined) this.#client?.publish(topic, Buffer.from(payload), { qos: 0 });
  }

  async #run(): Promise<void> {
    const { signal } = this.#ended;
    for (let failures = 0; !signal.aborted; ) {
      const stood = await this.#session(signal);
      failures = stood ? 0 : failures + 1;
      const pauseMs = Math.min(longestPauseMs, 1000 * 2 ** failures);
      await this.#clock.sleep(pauseMs, signal).catch(() => {});
    }
  }

  /** One connection from begin to end; says whether the subscriptions ever stood. */
  async #session(signal: AbortSignal): Promise<boolean> {
    const { promise: lost, resolve: lose } = Promise.withResolvers<string>();
    let stood = false;
    const end = () => lose('the exporter ends');
    signal.addEventListener('abort', end);
    try {
      const client = connect(brokerOptions(this.#source));
      this.#client = client;
      client.handleMessage = inTurns();
      client.on('error', (error) => lose(describe(error)));
      client.on('close', () => lose('the broker closed the connection'));
      client.on('packetreceive', () => this.#listener.heard());
      // A retained message is from before, and Sparkplug forbids them.
      client.on('message', (topic, payload, { retain }) => retain || this.#listener.message(topic, payload));
      client.on('connect', () => {
        this.#listener.connected();
        this.#subscribe(client, lose, () => {
          stood = true;
          this.#trouble = undefined;
          this.#tried.resolve();
        });
      });
      this.#trouble = `${this.#source.broker}: ${await lost}`;
    } catch (error) {
      this.#trouble = `${this.#source.broker}: ${messageOf(error)}`;
    }
    signal.removeEventListener('abort', end);
    this.#client?.end(true);
    this.#client = undefined;
    this.#tried.resolve();
    return stood;
  }

  #subscribe(client: MqttClient, lose: (reason: string) => void, done: () => void): void {
    const late = () => lose(`SUBSCRIBE was not answered within ${brokerAnswerMs / 1000} s`);
    const timer = setTimeout(late, brokerAnswerMs).unref();
    client.subscribe([...this.#filters], { qos: 1 }, (error) => {
      clearTimeout(timer);
      if (!error) return done();
      const refused = this.#filters[refusedIndex(error)];
      lose(refused === undefined ? error.message : `the broker refuses the subscription to ${refused}`);
    });
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
    this.#tried.resolve();
  }
}

/** Keeps the client from taking whatever has arrived in one go; meanwhile the broker is held back by TCP. */
function inTurns(): MqttClient['handleMessage'] {
  let count = 0;
  return (_packet, done) => {
    count += 1;
    if (count % messagesAtATime === 0) setImmediate(done);
    else done();
  };
}

/** Which filter the answer to SUBSCRIBE refuses; -1 where it is no such answer (MQTT 3.1.1, 3.9.3). */
const refusedIndex = (error: Error): number =>
  error instanceof ErrorWithSubackPacket ? error.packet.granted.findIndex((code) => Number(code) >= 128) : -1;

/** The client's own words, except where they say too little. */
function describe(error: Error): string {
  if (error.message === 'connack timeout')
    return `the connection was accepted, but CONNECT was not answered within ${brokerAnswerMs / 1000} s`;
  if (error.message === 'Keepalive timeout')
    return `pings were not answered for ${1.5 * keepaliveSeconds} s: the connection is cut`;
  return messageOf(error);
}
