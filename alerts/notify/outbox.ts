import { randomUUID } from 'node:crypto';
import type { Sqlite } from '../../kit/sqlite.ts';
import type { AlertTier } from '../tiers.ts';
import type { SendResult } from './channel.ts';
import type { Counters } from './counters.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Deliveries } from './deliveries.ts';
import { longestPauseMs, type Pauses } from './pauses.ts';
import type { RateLimit, RateWindow } from './rate-window.ts';

/** As many alerts as one message carries: what a person can look over. More of them make further messages. */
export const alertsPerMessage = 50;

/** After so many attempts (some five minutes) a message may be what is wrong: others are then tried before it. */
const patientAttempts = 10;

/** A message to send now, or when to ask again (Unix milliseconds; undefined: when something new has come). */
export type Turn = { readonly send: string } | { readonly wakeAt: number | undefined };

export interface OutboxParts {
  database: Sqlite;
  deliveries: Deliveries;
  deadLetters: DeadLetters;
  window: RateWindow;
  pauses: Pauses;
  counters: Counters;
}

/**
 * Messages on their way: waiting → sending → sent, waiting again or dead. "Sending" is on the disk before the attempt, so that
 * after a crash it is known which ones may have arrived. Every method expects to run in a transaction.
 */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #due;
  readonly #nextDue;
  readonly #begin;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    const { database } = parts;
    this.#due = database.prepare(
      `SELECT id, tier FROM messages WHERE receiver = ? AND state = 'waiting' AND NOT (due_at > ? AND due_at <= ?)
       ORDER BY tier, created_at LIMIT 1`,
    );
    this.#nextDue = database.prepare(
      `SELECT min(due_at) AS at FROM messages WHERE receiver = ? AND state = 'waiting' AND due_at > ?`,
    );
    this.#begin = database.prepare(
      `UPDATE messages SET state = 'sending', attempts = attempts + 1 WHERE id = ?`,
    );
  }

  /** Takes the next message for a receiver. It must be settled before the receiver's next turn. */
  take(receiver: string, limits: readonly RateLimit[], now: number): Turn {
    const { pauses, window } = this.#parts;
    const pausedUntil = pauses.until(receiver, now);
    if (pausedUntil > now) return { wakeAt: pausedUntil };
    const due = this.#dueMessage(receiver, now);
    const fresh = this.#firstTier(receiver);
    const tier = moreSevere(due?.tier, fresh);
    const freeAt = tier === undefined ? undefined : window.freeAt(receiver, limits, tier, now);
    if (freeAt === undefined || freeAt > now)
      return { wakeAt: earlier(freeAt, this.#nextDueAt(receiver, now)) };
    const id = due !== undefined && due.tier === tier ? due.id : this.#compose(receiver, now);
    this.#begin.run(id);
    window.note(receiver, limits, now);
    return { send: id };
  }

  /** Records how an attempt ended. */
  settle(id: string, result: SendResult, now: number): void {
    const { database, deadLetters, pauses, counters } = this.#parts;
    const found = database.prepare('SELECT receiver, attempts FROM messages WHERE id = ?').get(id);
    const receiver = String(found?.receiver);
    if (result.outcome === 'delivered') {
      this.#delivered(id, receiver, now);
      pauses.end(receiver);
      return;
    }
    counters.add('failed', receiver);
    if (result.outcome === 'refused') {
      deadLetters.buryMessage(id, receiver, result.reason, now);
      return;
    }
    const waitMs = pauses.begin(receiver, result.afterMs, now);
    const dueAt = now + (Number(found?.attempts) < patientAttempts ? waitMs : 2 * waitMs);
    this.#wait(id, dueAt, result.reason);
  }

  /** Puts back what was being sent when its process ended; it may have arrived. */
  putBack(id: string, receiver: string, now: number): void {
    this.#parts.counters.add('possibly-twice', receiver);
    this.#wait(id, now, 'the notifier stopped while this was being sent; it may have arrived');
  }

  /** Messages that an earlier process was sending. */
  interrupted(): { id: string; receiver: string }[] {
    return this.#parts.database
      .prepare(`SELECT id, receiver FROM messages WHERE state = 'sending'`)
      .all()
      .map(({ id, receiver }) => ({ id: String(id), receiver: String(receiver) }));
  }

  #delivered(id: string, receiver: string, now: number): void {
    const { database, counters } = this.#parts;
    database.prepare(`UPDATE messages SET state = 'sent' WHERE id = ?`).run(id);
    const { changes } = database
      .prepare(`UPDATE deliveries SET state = 'sent', ended_at = ? WHERE message_id = ?`)
      .run(now, id);
    counters.add('messages', receiver);
    counters.add('delivered', receiver, Number(changes));
  }

  #wait(id: string, dueAt: number, reason: string): void {
    this.#parts.database
      .prepare(`UPDATE messages SET state = 'waiting', due_at = ?, reason = ? WHERE id = ?`)
      .run(dueAt, reason, id);
  }

  /** All that waits goes into one message, up to its limit; whatever is to be said of one alert stays together. */
  #compose(receiver: string, now: number): string {
    const { database, deliveries } = this.#parts;
    const taken: number[] = [];
    const occurrences = new Set<number>();
    let tier: AlertTier = 'C';
    for (const delivery of deliveries.ready(receiver)) {
      occurrences.add(delivery.occurrence);
      if (occurrences.size > alertsPerMessage) break;
      if (taken.length === 0) tier = delivery.tier;
      taken.push(delivery.id);
    }
    const id = randomUUID();
    database
      .prepare(
        `INSERT INTO messages (id, receiver, tier, state, attempts, created_at, due_at) VALUES (?, ?, ?, 'waiting', 0, ?, ?)`,
      )
      .run(id, receiver, tier, now, now);
    database
      .prepare(
        `UPDATE deliveries SET state = 'composed', message_id = ? WHERE id IN (SELECT value FROM json_each(?))`,
      )
      .run(id, JSON.stringify(taken));
    return id;
  }

  #dueMessage(receiver: string, now: number): { id: string; tier: AlertTier } | undefined {
    const found = this.#due.get(receiver, now, now + 2 * longestPauseMs);
    return found === undefined ? undefined : { id: String(found.id), tier: found.tier as AlertTier };
  }

  #firstTier(receiver: string): AlertTier | undefined {
    for (const { tier } of this.#parts.deliveries.ready(receiver)) return tier;
    return undefined;
  }

  #nextDueAt(receiver: string, now: number): number | undefined {
    const at = this.#nextDue.get(receiver, now)?.at;
    return at === null || at === undefined ? undefined : Number(at);
  }
}

const moreSevere = (a: AlertTier | undefined, b: AlertTier | undefined): AlertTier | undefined =>
  a === undefined || (b !== undefined && b < a) ? b : a;

const earlier = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || (b !== undefined && b < a) ? b : a;
