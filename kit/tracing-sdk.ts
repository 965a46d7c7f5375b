import { context, type DiagLogger, DiagLogLevel, diag, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  loggingErrorHandler,
  parseKeyPairsIntoRecord,
  setGlobalErrorHandler,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { messageOf } from './errors.ts';
import { StderrSpanExporter } from './stderr-span-exporter.ts';
import { samplerOf } from './trace-sampler.ts';
import type { TracingOptions, TracingTarget } from './tracing-start.ts';

/** How long spans gather before they are sent. A process that is killed, as drills do, loses no more than that. */
const gatherMs = 1000;
/** How long an exit waits for the last spans to be taken. */
const flushLimitMs = 1500;

/** Starts the SDK for this process. Load this module only through startTracing: it brings the whole SDK along. */
export function startTracingSdk(target: TracingTarget, options: TracingOptions): AsyncDisposable {
  const complain = complainOnce(options);
  diag.setLogger(asDiagLogger(complain), {
    logLevel: DiagLogLevel.WARN,
    suppressOverrideMessage: true,
  });
  setGlobalErrorHandler(complain);
  const protocol =
    options.env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || options.env.OTEL_EXPORTER_OTLP_PROTOCOL || 'http/json';
  if (target.otlpUrl !== undefined && protocol !== 'http/json')
    complain(`they are sent as http/json, not as ${protocol}`);
  const provider = new TracerProvider({
    resource: resourceOf(options),
    sampler: samplerOf(options.env),
    spanProcessors: processorsOf(target),
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return {
    async [Symbol.asyncDispose]() {
      await withinLimit(provider.shutdown().catch(complain), complain);
      for (const api of [trace, context, propagation, diag]) api.disable();
      setGlobalErrorHandler(loggingErrorHandler());
    },
  };
}

const processorsOf = ({ otlpUrl, console }: TracingTarget) => [
  ...(otlpUrl === undefined
    ? []
    : [
        // Headers, certificates and compression it takes from the OTEL_EXPORTER_OTLP_* of the process by itself.
        new BatchSpanProcessor({
          exporter: new OTLPTraceExporter({ url: otlpUrl }),
          scheduledDelayMillis: gatherMs,
        }),
      ]),
  ...(console ? [new SimpleSpanProcessor({ exporter: new StderrSpanExporter(process.stderr) })] : []),
];

function resourceOf({ env, service, version }: TracingOptions): Resource {
  return defaultResource().merge(
    resourceFromAttributes({
      'service.name': service,
      ...(version === undefined ? {} : { 'service.version': version }),
      'process.pid': process.pid,
      ...parseKeyPairsIntoRecord(env.OTEL_RESOURCE_ATTRIBUTES),
      ...(env.OTEL_SERVICE_NAME ? { 'service.name': env.OTEL_SERVICE_NAME } : {}),
    }),
  );
}

/** One line in the log and no more: a collector that is away for hours must not fill the disk. */
function complainOnce({ log }: TracingOptions): (reason: unknown) => void {
  let isSaid = false;
  return (reason) => {
    if (isSaid) return;
    isSaid = true;
    log.warn({ reason: messageOf(reason) }, 'trouble with traces; this is said once');
  };
}

const asDiagLogger = (complain: (reason: unknown) => void): DiagLogger => ({
  error: complain,
  warn: complain,
  info: () => {},
  debug: () => {},
  verbose: () => {},
});

async function withinLimit(work: Promise<void>, complain: (reason: unknown) => void): Promise<void> {
  const { promise: limit, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    complain(`the last spans could not be sent within ${flushLimitMs / 1000} s`);
    resolve();
  }, flushLimitMs);
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
