import { describe, expect, it } from 'vitest';
import { metrics } from './catalogue.ts';
import { expositionText } from './exposition.ts';
import { counter, gauge } from './metric.ts';
import { sample } from './sample.ts';

describe('the exposition', () => {
  it('names each metric once, sorted, with its help and type', async () => {
    const text = await expositionText([
      sample(metrics.up, { target: 'b' }, 1),
      sample(metrics.dbUp, { target: 'x' }, 0),
      sample(metrics.up, { target: 'a' }, 0),
    ]);
    expect(text.split('\n')).toEqual([
      `# HELP mes_db_up ${metrics.dbUp.help}`,
      '# TYPE mes_db_up gauge',
      'mes_db_up{target="x"} 0',
      `# HELP mes_up ${metrics.up.help}`,
      '# TYPE mes_up gauge',
      'mes_up{target="b"} 1',
      'mes_up{target="a"} 0',
      '',
    ]);
  });

  it('escapes what would break a line or a label', async () => {
    const odd = gauge('odd', ['label'], 'a \\ and\na new line, "quotes" stay');
    expect(await expositionText([sample(odd, { label: 'a"b\\c\nd' }, 1)])).toBe(
      '# HELP odd a \\\\ and\\na new line, "quotes" stay\n# TYPE odd gauge\nodd{label="a\\"b\\\\c\\nd"} 1\n',
    );
  });

  it('writes a series without labels, and values that are no plain numbers', async () => {
    const plain = counter('plain_total', [], 'x');
    const values = [1.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1e21];
    const lines = (await expositionText(values.map((value) => sample(plain, {}, value)))).split('\n');
    expect(lines.slice(2, 7)).toEqual([
      'plain_total 1.5',
      'plain_total +Inf',
      'plain_total -Inf',
      'plain_total NaN',
      'plain_total 1e+21',
    ]);
  });

  it('ends every histogram with the bucket of +Inf, which is its count', async () => {
    const value = {
      buckets: [
        { le: 0.5, count: 2 },
        { le: Number.POSITIVE_INFINITY, count: 99 },
      ],
      sum: 7.25,
      count: 3,
    };
    const text = await expositionText([
      sample(metrics.operationWait, { target: 'mes', operation: 'report' }, value),
    ]);
    const labels = 'target="mes",operation="report"';
    expect(text.split('\n').slice(2)).toEqual([
      `mes_operation_wait_seconds_bucket{${labels},le="0.5"} 2`,
      `mes_operation_wait_seconds_bucket{${labels},le="+Inf"} 3`,
      `mes_operation_wait_seconds_sum{${labels}} 7.25`,
      `mes_operation_wait_seconds_count{${labels}} 3`,
      '',
    ]);
  });
});
