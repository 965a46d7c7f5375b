import type { Targets } from '../../kit/targets.ts';
import type { ExtraProblem } from '../../kit/yaml-file.ts';
import type { SparkplugSource } from '../sparkplug/config.ts';
import type { DevicesConfig } from './config.ts';

/** What is wrong between the parts of `exporter.devices:`, and between it and `targets:`. */
export function deviceProblems({ sparkplug }: DevicesConfig, targets: Targets): ExtraProblem[] {
  return sparkplug.flatMap((source, index) => {
    const problem = (key: string, message: string): ExtraProblem => ({
      path: ['exporter', 'devices', 'sparkplug', index, key],
      message,
    });
    const isTaken = sparkplug.findIndex(({ name }) => name === source.name) < index;
    return [
      ...(isTaken ? [problem('name', `"${source.name}" is the name of another broker above`)] : []),
      ...(Object.hasOwn(targets, source.name)
        ? [problem('name', `"${source.name}" is the name of a target; /probe could not tell them apart`)]
        : []),
      ...sourceProblems(source).map(([key, message]) => problem(key, message)),
    ];
  });
}

function sourceProblems(source: SparkplugSource): [key: string, message: string][] {
  const { broker, username, password, tls, line, groups } = source;
  const found: [boolean, string, string][] = [
    [password !== undefined && username === undefined, 'password', 'needs a username'],
    [tls !== undefined && !broker.startsWith('mqtts:'), 'tls', 'needs a broker at mqtts://'],
    [(tls?.cert_file === undefined) !== (tls?.key_file === undefined), 'tls', 'cert_file needs key_file'],
    // Edge nodes of different groups may have one name; their devices would become the same series.
    [line === 'node' && groups?.length !== 1, 'line', 'node needs exactly one group under groups:'],
  ];
  return found.flatMap(([isWrong, key, message]) => (isWrong ? [[key, message] as [string, string]] : []));
}
