import type { RequestHandler } from 'express';
import type { BackgroundComparison } from './background.ts';
import { comparisonJson } from './comparison-json.ts';
import type { ComparisonConfig } from './config.ts';
import { recordsCsv } from './records-csv.ts';
import { keptRecords, recordsPage } from './records-page.ts';

const usualLimit = 100;

/** The last comparison and its differing records: JSON in pages of `limit` from `after` on, or all that are kept with `format=csv`. */
export function recordsRoute(config: ComparisonConfig, comparison: BackgroundComparison): RequestHandler {
  return (request, response) => {
    const { limit = String(usualLimit), after, format = 'json' } = request.query;
    const { reports } = comparison;
    const refuse = (status: number, error: string) => {
      response.status(status).json({ error });
    };
    if (!/^[1-9]\d{0,5}$/.test(String(limit))) return refuse(400, 'limit must be a number from 1 to 999999');
    if (format !== 'json' && format !== 'csv') return refuse(400, 'format must be json or csv');
    if (reports.every(({ outcome, failure }) => outcome === undefined && failure === undefined))
      return refuse(503, 'no comparison is over yet; the first one begins with the first scrape');
    if (format === 'csv') {
      response.attachment(`${config.name}.csv`).type('text/csv');
      response.send(recordsCsv(config, keptRecords(reports)));
      return;
    }
    const page = recordsPage(reports, {
      limit: Number(limit),
      after: after === undefined ? undefined : String(after),
    });
    if (page === undefined) return refuse(400, 'after must be what an earlier page gave as next');
    response.json(comparisonJson(config, reports, page));
  };
}
