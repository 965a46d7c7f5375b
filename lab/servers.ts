import path from 'node:path';
import type { RunningService } from './controlled-service.ts';
import { startAlertmanager } from './services/alertmanager.ts';
import { startPostgres } from './services/postgres.ts';
import { startPrometheus } from './services/prometheus.ts';
import { startRabbitmq } from './services/rabbitmq.ts';
import { baseEnvironment, type ServiceContext } from './services/service.ts';

/** What all servers of a lab share: a folder of their own, a log in `logs/`, a bare environment. */
const common = (context: ServiceContext, name: string) => ({
  folder: path.join(context.dir, name),
  logFile: path.join(context.dir, 'logs', `${name}.log`),
  env: baseEnvironment(context),
  owner: context.owner,
  signal: context.signal,
});

/** The four servers around the plant, in this lab. */
export const labServers = {
  postgresql: (context: ServiceContext): Promise<RunningService> =>
    startPostgres({
      ...common(context, 'postgresql'),
      port: context.ports.server.postgres,
      password: context.secrets.value.postgres,
      databases: ['mes', 'erp', 'wms'],
    }),
  rabbitmq: (context: ServiceContext): Promise<RunningService> => {
    const {
      amqp,
      'amqp-management': management,
      'amqp-distribution': distribution,
      'amqp-epmd': epmd,
    } = context.ports.server;
    const ports = { amqp, management, distribution, epmd };
    return startRabbitmq({
      ...common(context, 'rabbitmq'),
      logFolder: path.join(context.dir, 'logs'),
      ports,
      programs: context.programs,
    });
  },
  prometheus: (context: ServiceContext, configFile: string): Promise<RunningService> =>
    startPrometheus({
      ...common(context, 'prometheus'),
      port: context.ports.server.prometheus,
      program: context.programs.prometheus,
      configFile,
    }),
  alertmanager: (context: ServiceContext, configFile: string): Promise<RunningService> =>
    startAlertmanager({
      ...common(context, 'alertmanager'),
      port: context.ports.server.alertmanager,
      program: context.programs['prometheus-alertmanager'],
      configFile,
    }),
};
