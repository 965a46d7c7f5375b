import { z } from 'zod';
import { ManagementApi } from '../../kit/rabbitmq/management-api.ts';
import type { TargetOf } from '../../kit/targets.ts';
import type { SurveyDeps } from './survey.ts';

const limits = z.array(z.object({ value: z.record(z.string(), z.number()) }));
const permissions = z.array(
  z.object({ user: z.string(), configure: z.string(), write: z.string(), read: z.string() }),
);

/** Limits and rights of the virtual host. */
export async function surveyQueue(
  target: TargetOf<'rabbitmq'>,
  _name: string,
  { fetch }: SurveyDeps,
): Promise<string[]> {
  const api = new ManagementApi(target, fetch);
  const [limited = [], allowed = []] = await Promise.all([
    api.get(api.path('vhost-limits'), limits),
    api.get(`${api.path('vhosts')}/permissions`, permissions),
  ]);
  return [
    ...limited.flatMap(({ value }) =>
      Object.entries(value).map(([limit, count]) => `limit ${limit} = ${count}`),
    ),
    ...allowed.map(
      ({ user, configure, write, read }) => `rights of ${user}: ${configure}, ${write}, ${read}`,
    ),
  ];
}
