import { messageOf } from './errors.ts';
import type { Log } from './log.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Who starts to trace. */
export interface TracingOptions {
  /** Where the OTEL_* variables are looked up. */
  env: Environment;
  /** The `service.name`, unless OTEL_SERVICE_NAME says otherwise. */
  service: string;
  version?: string;
  log: Log;
}

/** Where spans go to. */
export interface TracingTarget {
  /** OTLP over HTTP, to this address; undefined when it is not wanted. */
  otlpUrl: string | undefined;
  /** JSON lines on stderr. */
  console: boolean;
}

/**
 * Starts OpenTelemetry's SDK when the environment asks for it, and only then loads it. Disposing sends what is left, within a
 * limit. Never throws: that nobody can watch the work is no reason not to do it.
 */
export async function startTracing(options: TracingOptions): Promise<AsyncDisposable | undefined> {
  const { env, log } = options;
  try {
    const target = tracingTarget(env);
    if (target === undefined) return undefined;
    const { startTracingSdk } = await import('./tracing-sdk.ts');
    return startTracingSdk(target, options);
  } catch (error) {
    log.warn({ reason: messageOf(error) }, 'tracing could not be started');
    return undefined;
  }
}

/** What the environment asks for, by the variables of the OpenTelemetry specification; undefined when it is nothing. */
export function tracingTarget(env: Environment): TracingTarget | undefined {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return undefined;
  const exporters =
    exportersNamedIn(env.OTEL_TRACES_EXPORTER) ?? (otlpEndpoint(env) === undefined ? [] : ['otlp']);
  const target = {
    otlpUrl: exporters.includes('otlp')
      ? (otlpEndpoint(env) ?? 'http://localhost:4318/v1/traces')
      : undefined,
    console: exporters.includes('console'),
  };
  return target.otlpUrl !== undefined || target.console ? target : undefined;
}

/** The address for traces as it is given, or the common address with the path for traces after it. */
function otlpEndpoint(env: Environment): string | undefined {
  const forTraces = given(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
  if (forTraces !== undefined) return addressOf('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', forTraces);
  const common = given(env.OTEL_EXPORTER_OTLP_ENDPOINT);
  if (common === undefined) return undefined;
  return addressOf('OTEL_EXPORTER_OTLP_ENDPOINT', `${common.replace(/\/+$/, '')}/v1/traces`);
}

/** The address itself stays unsaid where it is wrong: it may hold a password. */
function addressOf(variable: string, text: string): string {
  if (!URL.canParse(text)) throw new Error(`${variable} is not a URL, as http://127.0.0.1:4318 is one`);
  return new URL(text).href;
}

function exportersNamedIn(list: string | undefined): string[] | undefined {
  const names = given(list)
    ?.split(',')
    .map((name) => name.trim());
  const unknown = names?.find((name) => !['otlp', 'console', 'none'].includes(name));
  if (unknown === undefined) return names;
  throw new Error(`OTEL_TRACES_EXPORTER: ${unknown} is not known; otlp, console and none are`);
}

/** An empty variable counts as none. */
const given = (text: string | undefined): string | undefined => (text?.trim() ? text.trim() : undefined);
