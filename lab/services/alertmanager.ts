import path from 'node:path';
import { type Child, startChild } from '../../kit/children.ts';
import { type PrometheusOptions, readyAt } from './prometheus.ts';

/** Starts one Alertmanager on the loopback, without a cluster. */
export async function startAlertmanager(options: PrometheusOptions): Promise<Child> {
  const { folder, logFile, port, program, configFile, env, owner, signal } = options;
  const args = [
    `--config.file=${configFile}`,
    `--storage.path=${path.join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
    '--log.level=warn',
  ];
  const child = await startChild({ name: 'alertmanager', command: program, args, env, logFile }, owner);
  return readyAt(child, `http://127.0.0.1:${port}/-/ready`, signal);
}
