import { inTransaction, openSqlite, type Sqlite } from '../../kit/sqlite.ts';
import type { SendResult } from './channel.ts';
import { type AcknowledgeUrl, composedMessage } from './composed-message.ts';
import { Counters } from './counters.ts';
import { DeadLetters } from './dead-letters.ts';
import { Deliveries } from './deliveries.ts';
import { EscalationPlan } from './escalation-plan.ts';
import { Facts } from './facts.ts';
import type { Message } from './message.ts';
import { Occurrences } from './occurrences.ts';
import { Outbox, type Turn } from './outbox.ts';
import { type Backoff, Pauses, usualBackoff } from './pauses.ts';
import { type RateLimit, RateWindow } from './rate-window.ts';
import { prepareNotifyStore } from './store-schema.ts';

/** All that the notifier knows, on the disk: what is stored here survives whatever happens to the process. */
export class NotifyStore implements Disposable {
  readonly occurrences: Occurrences;
  readonly deliveries: Deliveries;
  readonly deadLetters: DeadLetters;
  readonly escalations: EscalationPlan;
  readonly counters: Counters;
  readonly facts: Facts;
  readonly #outbox: Outbox;
  readonly #database: Sqlite;

  constructor(file: string, backoff: Backoff = usualBackoff) {
    const database = openSqlite(file);
    // Waiting for another writer stops everything here; whoever is told 503 comes again.
    database.exec('PRAGMA busy_timeout = 1000');
    prepareNotifyStore(database, file);
    this.#database = database;
    this.occurrences = new Occurrences(database);
    this.deliveries = new Deliveries(database);
    this.counters = new Counters(database);
    this.deadLetters = new DeadLetters(database, this.counters);
    this.escalations = new EscalationPlan(database);
    this.facts = new Facts(database);
    this.#outbox = new Outbox({
      database,
      deliveries: this.deliveries,
      deadLetters: this.deadLetters,
      window: new RateWindow(database),
      pauses: new Pauses(database, backoff),
      counters: this.counters,
    });
  }

  /** All of it or none of it; on return it is on the disk. */
  transaction<T>(work: () => T): T {
    return inTransaction(this.#database, work);
  }

  /** Takes the next message for a receiver; on return it is marked on the disk as being sent. */
  take(receiver: string, limits: readonly RateLimit[], now: number): Turn {
    return this.transaction(() => this.#outbox.take(receiver, limits, now));
  }

  message(id: string, urlOf: AcknowledgeUrl): Message {
    return composedMessage(this.#database, id, urlOf);
  }

  /** Records how an attempt ended. */
  settle(id: string, result: SendResult, now: number): void {
    this.transaction(() => this.#outbox.settle(id, result, now));
  }

  /** Puts back a message of this process that was cut off; it may have arrived. */
  putBack(id: string, receiver: string, now: number): void {
    this.transaction(() => this.#outbox.putBack(id, receiver, now));
  }

  /** Puts back what an earlier process was sending when it ended, and returns how many messages that were. */
  recover(now: number): number {
    return this.transaction(() => {
      const interrupted = this.#outbox.interrupted();
      for (const { id, receiver } of interrupted) this.#outbox.putBack(id, receiver, now);
      return interrupted.length;
    });
  }

  /** Forgets what was over before then, and all traces of it. */
  prune(before: number): void {
    this.transaction(() => {
      this.occurrences.prune(before);
      this.#database
        .prepare(
          `DELETE FROM messages WHERE created_at < ? AND NOT EXISTS
             (SELECT 1 FROM deliveries d WHERE d.message_id = messages.id)`,
        )
        .run(before);
    });
  }

  /** Throws when it could not be written now. */
  demandWritable(): void {
    this.transaction(() => this.#database.exec('UPDATE facts SET value = value WHERE false'));
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
