import { promDuration } from '../../kit/duration.ts';
import type { ExtraProblem } from '../../kit/yaml-file.ts';
import type { AlertsConfig } from '../config.ts';
import type { NotifyConfig } from './config.ts';

/** Addresses that a socket can listen on and that lead nowhere in a link. */
const anyAddress = new Set(['0.0.0.0', '::']);

/** What is wrong between the fields of `notify:`, and between it and the receivers of Alertmanager. */
export function notifyProblems(
  notify: NotifyConfig,
  alerts: Pick<AlertsConfig, 'receivers' | 'group_interval'>,
): ExtraProblem[] {
  return [
    ...nameProblems(notify),
    ...tokenProblems(notify),
    ...linkProblems(notify),
    ...heartbeatProblems(notify, alerts),
  ];
}

function nameProblems({ receivers, routes, heartbeat }: NotifyConfig): ExtraProblem[] {
  const names = receivers.map(({ name }) => name);
  const unknown = (used: readonly string[] | undefined, ...path: (string | number)[]): ExtraProblem[] =>
    (used ?? []).flatMap((name, index) =>
      names.includes(name)
        ? []
        : [
            {
              path: ['notify', ...path, index],
              message: `no receiver is called "${name}"; known are ${names.join(', ')}`,
            },
          ],
    );
  return [
    ...names.flatMap((name, index) =>
      names.indexOf(name) === index
        ? []
        : [{ path: ['notify', 'receivers', index, 'name'], message: `another receiver is called "${name}"` }],
    ),
    ...routes.flatMap((route, at) => [
      ...unknown(route.receivers, 'routes', at, 'receivers'),
      ...route.escalate.flatMap((step, stepAt) =>
        unknown(step.receivers, 'routes', at, 'escalate', stepAt, 'receivers'),
      ),
    ]),
    ...unknown(heartbeat.receivers, 'heartbeat', 'receivers'),
  ];
}

function tokenProblems({ token, token_file }: NotifyConfig): ExtraProblem[] {
  if ((token === undefined) !== (token_file === undefined)) return [];
  const message =
    token === undefined
      ? 'needs a token that Alertmanager sends: token: "${file:notify-token}", or token_file: PATH'
      : 'has both token and token_file; one is enough';
  return [{ path: ['notify'], message }];
}

function linkProblems({ listen, public_url, routes }: NotifyConfig): ExtraProblem[] {
  const waits = routes.some(({ escalate }) => escalate.length > 0);
  if (!waits || public_url !== undefined || !anyAddress.has(listen.host)) return [];
  return [
    {
      path: ['notify', 'listen'],
      message: `acknowledge links cannot lead to ${listen.host}; add public_url: with the address that phones reach`,
    },
  ];
}

/** A Watchdog that is repeated every four hours is no heartbeat: where andon.yaml shows it, it is said before anybody is woken. */
function heartbeatProblems(
  notify: NotifyConfig,
  { receivers, group_interval }: Pick<AlertsConfig, 'receivers' | 'group_interval'>,
): ExtraProblem[] {
  const { silent_after, receivers: told } = notify.heartbeat;
  if (told?.length === 0) return [];
  return receivers.flatMap(({ url, heartbeat }, index) => {
    if (!leadsTo(notify, url)) return [];
    const where = ['alerts', 'receivers', index];
    if (heartbeat === undefined)
      return [
        {
          path: where,
          message:
            'is the notifier and needs heartbeat: 30s, so that it can notice when alerts stop arriving',
        },
      ];
    const gap = heartbeat + Math.min(heartbeat, group_interval);
    if (2 * gap <= silent_after) return [];
    const atLeast = promDuration(2 * gap);
    return [
      {
        path: [...where, 'heartbeat'],
        message: `is too slow for notify.heartbeat.silent_after (${promDuration(silent_after)}); make that at least ${atLeast}`,
      },
    ];
  });
}

function leadsTo({ listen, public_url }: NotifyConfig, url: string): boolean {
  const { host, pathname, port } = new URL(url);
  if (pathname !== '/alertmanager') return false;
  if (public_url !== undefined && new URL(public_url).host === host) return true;
  return Number(port) === listen.port && listen.port !== 0;
}
