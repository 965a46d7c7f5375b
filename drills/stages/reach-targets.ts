import { messageOf, UnavailableError } from '../../kit/errors.ts';
import { connectMysql } from '../../kit/mysql.ts';
import { connectPostgres } from '../../kit/postgres.ts';
import type { Target } from '../../kit/targets.ts';
import type { Run } from '../run.ts';

/** Every target of the drill must answer, whatever else its faults demand. Throws UnavailableError. */
export async function reachTargets(run: Run): Promise<void> {
  const names = new Set(run.drill.method.map(({ target }) => target));
  for (const name of names) {
    const target = run.deps.settings.targets[name];
    if (!target)
      throw new UnavailableError('drill.no-target', `no target is called ${name}`, {
        mend: 'Add it to targets: in andon.yaml',
      });
    try {
      await reach(target, run);
    } catch (error) {
      run.signal.throwIfAborted();
      throw new UnavailableError('drill.unreachable', `target ${name} does not answer: ${messageOf(error)}`, {
        mend: `Start it, or mend targets.${name} in ${run.deps.configFile}. Nothing was touched.`,
        cause: error,
      });
    }
  }
}

async function reach(target: Target, { deps }: Run): Promise<void> {
  const ask = async (url: URL) => {
    const response = await deps.fetch(url, { signal: AbortSignal.timeout(5000) });
    await response.body?.cancel();
    if (!response.ok && response.status !== 401)
      throw new Error(`${url.host}${url.pathname} answered ${response.status}`);
  };
  switch (target.kind) {
    case 'mes':
      return ask(new URL('/-/ready', target.url));
    case 'link':
      return ask(new URL('/links', target.control));
    case 'rabbitmq':
      return ask(withoutPassword(target.management));
    case 'postgres': {
      const url = target.admin_url ?? target.url;
      const client = await connectPostgres({
        url,
        applicationName: 'andon-preflight',
        statementTimeoutMs: 3000,
        lockTimeoutMs: 1000,
      });
      await client.end();
      return;
    }
    case 'mysql': {
      const url = target.admin_url ?? target.url;
      const connection = await connectMysql({ url, applicationName: 'andon-preflight' });
      connection.destroy();
    }
  }
}

function withoutPassword(address: string): URL {
  const url = new URL(address);
  url.username = '';
  url.password = '';
  return url;
}
