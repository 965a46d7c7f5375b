import { expect, test } from 'vitest';
import { tracingEnvironment } from './tracing-environment.ts';

test('A lab hands down what OpenTelemetry reads, but neither its own name nor anything else.', () => {
  const env = {
    PATH: '/bin',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
    OTEL_TRACES_SAMPLER: 'traceidratio',
    OTEL_SERVICE_NAME: 'my-lab',
    OTEL_SDK_DISABLED: undefined,
    MY_OTEL_THING: 'x',
  };
  expect(tracingEnvironment(env)).toEqual({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
    OTEL_TRACES_SAMPLER: 'traceidratio',
  });
});
