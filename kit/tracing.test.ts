import { PassThrough } from 'node:stream';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { listen } from './http-server.ts';
import { silentLog } from './log.ts';
import { freePorts } from './ports.ts';
import { type ReceivedSpan, spansOf, startOtlpReceiver } from './testing/otlp-receiver.ts';
import { isInTrace, noteEvent, outsideTrace, startSpan, traceHeaders, withSpan } from './tracing.ts';
import { startTracing, tracingTarget } from './tracing-start.ts';

const named = (spans: readonly ReceivedSpan[], name: string): ReceivedSpan => {
  const found = spans.find((span) => span.name === name);
  if (!found) throw new Error(`no span "${name}" among ${spans.map((span) => span.name).join(', ')}`);
  return found;
};

/** A log whose lines can be read. */
function readLog() {
  const output = new PassThrough();
  return {
    log: pino({ level: 'info' }, output),
    lines: () =>
      String(output.read() ?? '')
        .split('\n')
        .filter(Boolean),
  };
}

const start = (env: Record<string, string>, log = silentLog) =>
  startTracing({ env, service: 'andon-test', version: '1.2.3', log });

describe('a piece of work as a span', () => {
  it('is told to the collector with its children, its events and what it says about itself', async () => {
    const spans = await spansOf(() =>
      withSpan('outer', { kind: 'server', attributes: () => ({ line: 'L1' }) }, () =>
        withSpan('inner', {}, async (span) => {
          noteEvent('asked', () => ({ ms: 3 }));
          span.setAttribute('found', 7);
        }),
      ),
    );
    const [outer, inner] = [named(spans, 'outer'), named(spans, 'inner')];
    expect(outer).toMatchObject({ service: 'test', kind: 2, parentSpanId: '', attributes: { line: 'L1' } });
    expect(inner).toMatchObject({
      traceId: outer.traceId,
      parentSpanId: outer.spanId,
      attributes: { found: 7 },
    });
    expect(inner.events).toEqual([{ name: 'asked', attributes: { ms: 3 } }]);
    expect([outer.error, inner.error]).toEqual([undefined, undefined]);
  });

  it('fails with the exception that ends it, which goes on', async () => {
    const failing = () => withSpan('fails', {}, () => Promise.reject(new Error('no bread')));
    const spans = await spansOf(() => expect(failing()).rejects.toThrow('no bread'));
    expect(named(spans, 'fails').error).toBe('no bread');
    expect(named(spans, 'fails').events).toMatchObject([{ name: 'exception' }]);
  });

  it('goes on from headers, and begins a trace where they bring none, whatever is around it', async () => {
    let headers: Record<string, string> = {};
    const spans = await spansOf(async () => {
      await withSpan('sends', {}, async () => {
        headers = traceHeaders();
      });
      await withSpan('around', {}, async () => {
        await withSpan('takes', { from: headers }, async () => {});
        await withSpan('alone', { from: { traceparent: 'nonsense' } }, async () => {});
        await outsideTrace(() => withSpan('outside', {}, async () => {}));
      });
    });
    const sends = named(spans, 'sends');
    expect(headers).toEqual({ traceparent: `00-${sends.traceId}-${sends.spanId}-01` });
    expect(named(spans, 'takes')).toMatchObject({ traceId: sends.traceId, parentSpanId: sends.spanId });
    expect(named(spans, 'alone').parentSpanId).toBe('');
    expect(named(spans, 'outside').parentSpanId).toBe('');
  });

  it('is only the work, and asks for no attributes, when nobody records', async () => {
    let asked = 0;
    const attributes = () => {
      asked += 1;
      return {};
    };
    const result = await withSpan('nothing', { attributes }, async (span) => {
      noteEvent('nothing', attributes);
      startSpan('nothing', { attributes }).end();
      return [span.isRecording(), isInTrace(), traceHeaders()];
    });
    expect(result).toEqual([false, false, {}]);
    expect(asked).toBe(0);
  });
});

describe('the environment', () => {
  const local = 'http://127.0.0.1:4318';
  it.each<[string, Record<string, string>, string | undefined]>([
    ['asks for nothing by itself', {}, undefined],
    ['asks with the common endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT: local }, `${local}/v1/traces`],
    ['may end it with a slash', { OTEL_EXPORTER_OTLP_ENDPOINT: `${local}/otlp/` }, `${local}/otlp/v1/traces`],
    [
      'prefers the endpoint for traces as it is',
      { OTEL_EXPORTER_OTLP_ENDPOINT: local, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${local}/mine` },
      `${local}/mine`,
    ],
    ['asks with the name alone', { OTEL_TRACES_EXPORTER: 'otlp' }, 'http://localhost:4318/v1/traces'],
    [
      'asks for nothing with empty variables',
      { OTEL_EXPORTER_OTLP_ENDPOINT: ' ', OTEL_TRACES_EXPORTER: '' },
      undefined,
    ],
    ['forbids it with none', { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: local }, undefined],
    ['forbids it altogether', { OTEL_SDK_DISABLED: 'TRUE', OTEL_EXPORTER_OTLP_ENDPOINT: local }, undefined],
  ])('%s', (_, env, url) => {
    expect(tracingTarget(env)).toEqual(url === undefined ? undefined : { otlpUrl: url, console: false });
  });

  it('may ask for lines on stderr, beside a collector or alone', () => {
    expect(tracingTarget({ OTEL_TRACES_EXPORTER: 'console' })).toEqual({ otlpUrl: undefined, console: true });
    expect(tracingTarget({ OTEL_TRACES_EXPORTER: 'otlp, console' })).toMatchObject({ console: true });
  });

  it('names the service, and says which traces are recorded', async () => {
    await using receiver = await startOtlpReceiver();
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    const once = async (env: Record<string, string>) => {
      await using _tracing = await start({ ...endpoint, ...env });
      await withSpan('work', {}, async () => {});
    };
    await once({});
    await once({ OTEL_SERVICE_NAME: 'mine' });
    await once({ OTEL_TRACES_SAMPLER: 'always_off', OTEL_SERVICE_NAME: 'silent' });
    await once({
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0',
      OTEL_SERVICE_NAME: 'rare',
    });
    expect(receiver.spans.map(({ service }) => service)).toEqual(['andon-test', 'mine']);
  });

  it('that is wrong is told in a line, and nothing else happens', async () => {
    for (const env of [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'secret@nowhere' },
      { OTEL_TRACES_EXPORTER: 'zipkin' },
      { OTEL_TRACES_EXPORTER: 'console', OTEL_TRACES_SAMPLER: 'sometimes' },
    ]) {
      const { log, lines } = readLog();
      expect(await start(env, log)).toBeUndefined();
      const [line, ...more] = lines();
      expect(line).toContain('tracing could not be started');
      expect(line).not.toContain('secret');
      expect(more).toEqual([]);
    }
    expect(await withSpan('work', {}, async (span) => span.isRecording())).toBe(false);
  });
});

describe('a collector', () => {
  const workOnce = () => withSpan('work', {}, async () => {});

  it('that is away costs one line in the log, and no exit longer than its limit', async () => {
    const { log, lines } = readLog();
    const [port] = await freePorts(1);
    const tracing = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` }, log);
    await workOnce();
    const slow = await raceWith(tracing?.[Symbol.asyncDispose](), 6000);
    expect(slow).toBe(false);
    expect(lines()).toHaveLength(1);
  });

  it('that accepts and never answers does not hold up the exit either', async () => {
    await using silent = await listen(() => {}, { host: '127.0.0.1', port: 0 });
    const { log, lines } = readLog();
    const tracing = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: silent.url }, log);
    await workOnce();
    expect(await raceWith(tracing?.[Symbol.asyncDispose](), 6000)).toBe(false);
    expect(lines()).toEqual([expect.stringContaining('could not be sent within 1.5 s')]);
  });

  it('that takes everything has nothing said about it', async () => {
    await using receiver = await startOtlpReceiver();
    const { log, lines } = readLog();
    const tracing = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }, log);
    await workOnce();
    await tracing?.[Symbol.asyncDispose]();
    expect(receiver.spans).toHaveLength(1);
    expect(lines()).toEqual([]);
  });
});

/** Whether the limit, far above what is promised and far under what the SDK would take, was over first. */
async function raceWith(work: PromiseLike<void> | undefined, limitMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(true), limitMs);
  const isSlow = await Promise.race([Promise.resolve(work).then(() => false), promise]);
  clearTimeout(timer);
  return isSlow;
}
