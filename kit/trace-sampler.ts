import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';

/** Which traces are recorded, by OTEL_TRACES_SAMPLER and its argument; all of them unless a trace that comes in says otherwise. */
export function samplerOf(env: Readonly<Record<string, string | undefined>>): Sampler {
  const name = env.OTEL_TRACES_SAMPLER?.trim() || 'parentbased_always_on';
  const basic = /^parentbased_(.+)$/.exec(name)?.[1];
  const root = basicSampler(basic ?? name, env.OTEL_TRACES_SAMPLER_ARG);
  return basic === undefined ? root : new ParentBasedSampler({ root });
}

function basicSampler(name: string, argument: string | undefined): Sampler {
  if (name === 'always_on') return new AlwaysOnSampler();
  if (name === 'always_off') return new AlwaysOffSampler();
  const ratio = Number(argument?.trim() || '1');
  if (name === 'traceidratio' && ratio >= 0 && ratio <= 1) return new TraceIdRatioBasedSampler(ratio);
  throw new Error(`OTEL_TRACES_SAMPLER ${name} with the argument ${argument ?? 'none'} is not known`);
}
