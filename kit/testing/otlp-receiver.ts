import type { IncomingMessage } from 'node:http';
import { type ListeningServer, listen } from '../http-server.ts';
import { silentLog } from '../log.ts';
import { startTracing } from '../tracing-start.ts';

type Values = Record<string, string | number | boolean>;

/** A span as it arrived. */
export interface ReceivedSpan {
  name: string;
  service: string;
  traceId: string;
  spanId: string;
  /** Empty for the first of a trace. */
  parentSpanId: string;
  /** As OTLP numbers it: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number;
  attributes: Values;
  events: { name: string; attributes: Values }[];
  /** The message of a span that failed, else undefined. */
  error: string | undefined;
}

/** Takes spans by OTLP over HTTP, as a collector does. */
export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string;
  /** All that has come, in the order of its coming. */
  readonly spans: ReceivedSpan[];
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const server: ListeningServer = await listen(
    async (request, response) => {
      if (request.method === 'POST' && request.url === '/v1/traces') spans.push(...(await spansIn(request)));
      else response.statusCode = 404;
      response.setHeader('content-type', 'application/json').end('{}');
    },
    { host: '127.0.0.1', port: 0 },
  );
  return { url: server.url, spans, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** What work in this process leaves behind as spans, when the environment asks for them. */
export async function spansOf(work: () => Promise<unknown>): Promise<ReceivedSpan[]> {
  await using receiver = await startOtlpReceiver();
  {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    await using _tracing = await startTracing({ env, service: 'test', log: silentLog });
    await work();
  }
  return receiver.spans;
}

interface OtlpAttribute {
  key: string;
  value: { stringValue?: string; intValue?: number | string; doubleValue?: number; boolValue?: boolean };
}
interface OtlpSpan
  extends Omit<ReceivedSpan, 'attributes' | 'events' | 'error' | 'service' | 'parentSpanId'> {
  parentSpanId?: string;
  attributes: OtlpAttribute[];
  events?: { name: string; attributes: OtlpAttribute[] }[];
  status: { code?: number; message?: string };
}
interface OtlpBody {
  resourceSpans: { resource: { attributes: OtlpAttribute[] }; scopeSpans: { spans: OtlpSpan[] }[] }[];
}

async function spansIn(request: IncomingMessage): Promise<ReceivedSpan[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString()) as OtlpBody;
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(valuesOf(resource.attributes)['service.name']);
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => received(span, service)));
  });
}

const errorStatus = 2;

function received(span: OtlpSpan, service: string): ReceivedSpan {
  const { name, traceId, spanId, parentSpanId = '', kind, attributes, events = [], status } = span;
  return {
    ...{ name, service, traceId, spanId, parentSpanId, kind },
    attributes: valuesOf(attributes),
    events: events.map((event) => ({ name: event.name, attributes: valuesOf(event.attributes) })),
    error: status.code === errorStatus ? (status.message ?? '') : undefined,
  };
}

const valuesOf = (attributes: readonly OtlpAttribute[]): Values =>
  Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => [
      key,
      stringValue ?? boolValue ?? Number(intValue ?? doubleValue),
    ]),
  );
