import { messageOf } from '../../kit/errors.ts';
import { perform } from './activity.ts';
import { isRecord } from './python-values.ts';
import type { Stage } from './stage.ts';
import type { Variables } from './substitute.ts';
import type { LoadedVariables } from './variables.ts';

/**
 * Asks the probes of the configuration, in the order of the file: of a process its output without white space at the ends, of a call its
 * body. A probe that fails leaves its name without a value, as in Chaos Toolkit, and is told.
 */
export async function askConfiguration(
  { variables, dynamic }: LoadedVariables,
  tools: Pick<Stage, 'place' | 'processes'>,
  note: (text: string) => void,
  signal: AbortSignal,
): Promise<Variables> {
  const configuration: Record<string, unknown> = { ...variables.configuration };
  for (const { name, probe } of dynamic) {
    signal.throwIfAborted();
    try {
      const asked = { ...tools, variables: { ...variables, configuration } };
      configuration[name] = valueFrom(await perform(asked, probe.provider, { lingering: false }, signal));
    } catch (error) {
      signal.throwIfAborted();
      note(`configuration ${name} has no value: ${messageOf(error)}`);
    }
  }
  return { ...variables, configuration };
}

function valueFrom(output: unknown): unknown {
  if (!isRecord(output)) return output;
  if (!('stdout' in output)) return output.body;
  if (output.status !== 0) throw new Error(`its probe ended with status ${output.status}`);
  return String(output.stdout).trim();
}
