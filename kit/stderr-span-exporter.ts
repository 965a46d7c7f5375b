import type { Writable } from 'node:stream';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode, hrTimeToMilliseconds } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { isoTime } from './clock.ts';

/** Writes each span as a line of JSON. To stderr, not to the console of the SDK's own: stdout belongs to results. */
export class StderrSpanExporter implements SpanExporter {
  readonly #output: Writable;

  constructor(output: Writable) {
    this.#output = output;
  }

  export(spans: readonly ReadableSpan[], done: (result: ExportResult) => void): void {
    for (const span of spans) this.#output.write(`${JSON.stringify(lineOf(span))}\n`);
    done({ code: ExportResultCode.SUCCESS });
  }

  async shutdown(): Promise<void> {
    // Every line was written at once.
  }
}

function lineOf(span: ReadableSpan): object {
  const { traceId, spanId } = span.spanContext();
  const { code, message } = span.status;
  return {
    span: span.name,
    service: span.resource.attributes['service.name'],
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    kind: SpanKind[span.kind]?.toLowerCase(),
    start: isoTime(hrTimeToMilliseconds(span.startTime)),
    ms: hrTimeToMilliseconds(span.duration),
    ...(code === SpanStatusCode.ERROR ? { error: message ?? 'failed' } : {}),
    attributes: span.attributes,
    ...(span.events.length === 0
      ? {}
      : { events: span.events.map(({ name, attributes }) => ({ name, ...attributes })) }),
  };
}
