import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { messageOf } from './errors.ts';

/** How a span stands to others, and what it says about itself. */
export interface SpanOptions {
  /** `internal` when left out; the others say that a process or a queue lies between this span and its parent or child. */
  kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  /** Asked only when somebody records the span. */
  attributes?: () => Attributes;
  /**
   * The headers that brought the trace here (W3C Trace Context: `traceparent`, `tracestate`). The span goes on from them, or
   * begins a trace where they have none; without `from` it is a child of the span it is made in.
   */
  from?: Readonly<Record<string, unknown>>;
}

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

/**
 * Does a piece of work as a span: what is made inside is its child, and an exception ends it as failed and goes on. Without an
 * SDK (see tracing-start.ts) it only does the work.
 */
export function withSpan<T>(
  name: string,
  options: SpanOptions,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const parent = parentOf(options);
  const span = start(name, options, parent);
  return context.with(trace.setSpan(parent, span), async () => {
    try {
      return await work(span);
    } catch (error) {
      failSpan(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** A span that somebody else ends: for what begins in one place and is over in another. */
export function startSpan(name: string, options: SpanOptions = {}): Span {
  return start(name, options, parentOf(options));
}

function start(name: string, { kind = 'internal', attributes }: SpanOptions, parent: Context): Span {
  const span = trace.getTracer('andon').startSpan(name, { kind: kinds[kind] }, parent);
  if (attributes !== undefined && span.isRecording()) span.setAttributes(attributes());
  return span;
}

const parentOf = ({ from }: SpanOptions): Context =>
  from === undefined ? context.active() : propagation.extract(ROOT_CONTEXT, from);

/** Marks a span as failed, with the reason. */
export function failSpan(span: Span, reason: unknown): void {
  if (!span.isRecording()) return;
  if (reason instanceof Error) span.recordException(reason);
  span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(reason) });
}

/** Notes a moment on the span that this is done in, if somebody records it. */
export function noteEvent(name: string, attributes: () => Attributes): void {
  const span = trace.getActiveSpan();
  if (span?.isRecording()) span.addEvent(name, attributes());
}

/** Whether this is done as a part of a trace. */
export const isInTrace = (): boolean => trace.getActiveSpan() !== undefined;

/** The headers with which a request or a message carries the trace on; none outside of a trace. */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
}

/** Does work that outlives whoever starts it, such as a loop: what is made inside belongs to no trace. */
export const outsideTrace = <T>(work: () => T): T => context.with(ROOT_CONTEXT, work);

export type { Attributes, Span } from '@opentelemetry/api';
