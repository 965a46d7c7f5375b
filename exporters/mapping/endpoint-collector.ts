import type { Collector } from '../collector.ts';
import { rowsAtATime } from '../databases/session.ts';
import type { MesHttp } from './mes-http.ts';
import { type MappedMes, rowCollector } from './row-collector.ts';
import { rowsOf } from './rows-expression.ts';
import type { EndpointSpec } from './schema.ts';

/** The metrics that one address of the MES answers with. */
export function endpointCollector(
  { name, path, rows: expression, timeout, metrics }: EndpointSpec,
  http: MesHttp,
  mes: MappedMes,
): Collector {
  return rowCollector(
    {
      what: `endpoint ${name}`,
      name,
      asked: mes.name,
      timeoutMs: timeout,
      metrics,
      async *rows(run) {
        const answer = await run.step(`GET ${path}`, () => http.json(path, run.signal));
        const rows = await run.step(`rows of ${path}`, () => rowsOf(expression, answer, run));
        for (let from = 0; from < rows.length; from += rowsAtATime)
          yield rows.slice(from, from + rowsAtATime);
      },
    },
    mes,
  );
}
