import { describe, expect, it } from 'vitest';
import { joinedName } from '../../kit/safe-html.ts';
import { renderHtml } from './html.ts';
import { clockOf, count, measured, milliseconds, percent, seconds } from './numbers.ts';
import { type Report, reportSchema } from './schema.ts';
import { failedReport } from './testing/failed-report.ts';
import { at } from './testing/fixture-time.ts';
import { passedReport } from './testing/passed-report.ts';
import { embeddedReport, unbalancedTags, visibleText } from './testing/read-page.ts';

const pages = { passed: renderHtml(passedReport), failed: renderHtml(failedReport) };
const reports = { passed: passedReport, failed: failedReport };

describe.each(['passed', 'failed'] as const)('the page of a drill that %s', (kind) => {
  const page = pages[kind];
  const report = reports[kind];
  const text = visibleText(page);

  it('shows every figure of the report where a person can read it', () => {
    const missing = numbersIn({ ...report, series: [] }).filter(({ value }) => !shown(text, value));
    expect(missing).toEqual([]);
  });

  it('shows every time, every name and every finding', () => {
    const strings = stringsIn({ ...report, schema: '', series: [] });
    const times = strings.filter((value) => /^\d{4}-.*Z$/.test(value)).map(clockOf);
    const words = [...report.alerts.map(({ alert }) => alert), ...report.runbooks.map(({ name }) => name)];
    const findings = report.findings.flatMap((finding) => [finding.text, finding.cause, finding.fix]);
    const wanted = [...times, ...words, ...findings.map((finding) => finding.replaceAll('`', ''))];
    const flat = text.replaceAll(' ', '');
    expect(wanted.filter((word) => !flat.includes(word.replaceAll(' ', '')))).toEqual([]);
  });

  it('needs nothing but itself', () => {
    expect(page).toContain(
      `http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`,
    );
    const needs = /https?:|<script|<link|<img|<iframe|@import|url\((?!#)|<[^>]*\son\w+=/gi;
    expect(page.match(needs)).toBeNull();
    expect(unbalancedTags(page)).toEqual([]);
  });

  it('carries the whole report, which can be taken out again', () => {
    expect(embeddedReport(page)).toEqual(report);
    expect(reportSchema.parse(embeddedReport(page))).toEqual(report);
  });

  it('is the same file each time, whatever was rendered before and wherever the clock stands', () => {
    const zone = process.env.TZ;
    try {
      process.env.TZ = 'Asia/Shanghai';
      renderHtml(failedReport);
      expect(renderHtml(report)).toBe(page);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  it('has no id twice', () => {
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('the page', () => {
  it('tells the verdict first, then what to do where the drill failed', () => {
    const order = ['Failed', 'What to do', 'What happened', 'Stopwatch', 'Production ledger', 'Steady state'];
    const failed = visibleText(pages.failed);
    const places = [...order, 'Timeline', 'Measurements', 'Virtual users'].map((word) =>
      failed.indexOf(word, 40),
    );
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect(visibleText(pages.passed)).not.toContain('What to do');
  });

  it('lets the names of alerts be broken between their words only, and they are whole for whoever reads or searches', () => {
    const broken = 'Mes<wbr>Queue<wbr>Stuck';
    for (const place of [/<dl class="tiles">.*?<\/dl>/s, /<section class="stopwatch">.*?<\/section>/s])
      expect(place.exec(pages.failed)?.[0]).toContain(`<span class="name">${broken}</span>`);
    expect(visibleText(pages.failed)).toContain('MesQueueStuck');
    expect(joinedName('<Evil>AndMore').text).toBe('<span class="name">&lt;Evil&gt;And<wbr>More</span>');
  });

  it('prints the weights beside what was earned', () => {
    const text = visibleText(pages.failed);
    expect(text).toContain('Alerts in time 4.2 of 25');
    expect(text).toContain('Production intact 0 of 25');
  });

  it('says in words what the figures say', () => {
    expect(visibleText(pages.passed)).toContain(
      'MesDatabaseBlocked was delivered after 16.7 s, 9.3 s within its bound of 26 s; runbook release-db-lock succeeded in 1.8 s.',
    );
    expect(visibleText(pages.failed)).toContain('MesQueueStuck never reached anybody');
  });

  it('shows how long a runbook took to start, to heal and to prove it, and what the drill made of it', () => {
    const passed = visibleText(pages.passed);
    expect(passed).toMatch(
      /for MesDatabaseBlocked: succeeded 09:30:26.113 \+ 171 ms 09:30:26.284 \+ 1.6 s 09:30:27.931 \+ 133 ms 09:30:28.064 2 s ended/,
    );
    expect(passed).toContain('This drill proves runbook release-db-lock ; it may act by itself');
    const late = {
      ...passedReport,
      runbooks: passedReport.runbooks.map((run) => ({ ...run, startedAt: at(28.2) })),
    };
    expect(pages.passed).not.toMatch(/class="hurt"><b>\+/);
    expect(renderHtml(late)).toMatch(/class="hurt"><b>\+ 2\.1\ss</);
    const failed = visibleText(pages.failed);
    expect(failed).toMatch(/for MesDatabaseUnreachable: compensated step 2 \(http\): no connection/);
    expect(failed).toContain('This drill does not prove runbook reconnect-mes , and that is not on record');
  });

  it('says of a run that waits for a person that it does', () => {
    const [run] = passedReport.runbooks;
    if (!run) throw new Error('the fixture has one');
    const waits = {
      ...run,
      startedAt: null,
      healedAt: null,
      verifiedAt: null,
      finishedAt: null,
      outcome: 'running',
    };
    const asked = { ...waits, state: 'awaiting-approval', reason: 'no drill has proven it yet' };
    expect(visibleText(renderHtml({ ...passedReport, runbooks: [asked] }))).toMatch(
      /awaiting approval no drill has proven it yet 09:30:26.113 never never never –/,
    );
  });

  it('draws a plot for each series, with the fault band, the limit and a gap where figures are missing', () => {
    expect(pages.passed.match(/<figure>/g)).toHaveLength(passedReport.series.length);
    expect(visibleText(pages.passed)).toContain('operations succeed ratio, limit 0.99');
    expect(pages.passed).toMatch(/stroke-dasharray/);
  });

  it('lets no text of a report become markup', () => {
    const evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>\'&\u2028\u2029</pre></style>';
    const hostile = reportSchema.parse(poison(failedReport, evil));
    const page = renderHtml(hostile);
    expect(page).not.toMatch(/<script|<img/i);
    expect(page.match(/<\/style>/g)).toHaveLength(1);
    expect(page.match(/<\/pre>/g)).toHaveLength(1);
    expect(/<pre[\s\S]*<\/pre>/.exec(page)?.[0]).not.toMatch(/[\u2028\u2029]/);
    expect(unbalancedTags(page)).toEqual([]);
    expect(embeddedReport(page)).toEqual(hostile);
  });

  it('copes with a run in which nothing happened', () => {
    const page = renderHtml(emptyReport);
    expect(unbalancedTags(page)).toEqual([]);
    expect(visibleText(page)).toContain('The preflight refused');
    expect(page).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });

  it('writes no NaN, undefined or object where a figure should stand', () => {
    for (const page of Object.values(pages))
      expect(visibleText(page)).not.toMatch(/NaN|undefined|Infinity|\[object|null/);
  });
});

const emptyReport: Report = {
  ...passedReport,
  verdict: 'not-run',
  score: 0,
  stages: [],
  hypothesis: { before: [], during: [], after: [] },
  faults: [],
  alerts: [],
  runbooks: [],
  recovery: { seconds: null, limitSeconds: 60, ok: false },
  production: { ...passedReport.production, acknowledged: 0, applied: 0, lineStopSeconds: 0 },
  load: null,
  series: [{ name: 'nothing', unit: '', points: [] }],
  findings: [],
};

function numbersIn(value: unknown, at = ''): { at: string; value: number }[] {
  if (typeof value === 'number') return [{ at, value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, `${at}/${key}`));
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(stringsIn);
}

/** In any of the forms in which pages write figures, and not as a part of a longer figure. */
function shown(text: string, value: number): boolean {
  const forms = [count(value), measured(value), seconds(value), milliseconds(value), percent(value)];
  return forms.some((form) =>
    new RegExp(`(?<![\\d.,])${form.replaceAll(/\s/g, ' ').replaceAll('.', '[.]')}(?![\\d]|[.,]\\d)`).test(
      text,
    ),
  );
}

const enums = new Set(['schema', 'verdict', 'cause', 'tier', 'severity']);

/** Puts a text into every free text of a report; what the schema fixes stays. */
function poison(value: unknown, evil: string, key = ''): unknown {
  if (typeof value === 'string')
    return (enums.has(key) && !/ /.test(value)) || /^\d{4}-\d\d-\d\dT/.test(value)
      ? value
      : `${value}${evil}`;
  if (Array.isArray(value)) return value.map((inner) => poison(inner, evil, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, poison(inner, evil, name)]));
}
