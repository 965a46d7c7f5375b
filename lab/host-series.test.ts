import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { onlyTheLabsOwn } from './host-series.ts';

const volume = '/home/me/my (lab)/.andon/lab/volume';

interface Rule {
  source_labels: string[];
  regex: string;
  target_label: string;
  replacement: string;
}

/** What Prometheus makes of a series with these rules (relabelling, action replace). */
function renamed(labels: Record<string, string>): string | undefined {
  const config = parse(
    onlyTheLabsOwn(stringify({ scrape_configs: [{ job_name: 'andon-exporter' }] }), volume),
  ) as {
    scrape_configs: [{ metric_relabel_configs: Rule[] }];
  };
  const now = { ...labels };
  for (const { source_labels, regex, target_label, replacement } of config.scrape_configs[0]
    .metric_relabel_configs) {
    const text = source_labels.map((label) => now[label] ?? '').join(';');
    const match = new RegExp(`^(?:${regex})$`);
    if (match.test(text)) now[target_label] = text.replace(match, replacement);
  }
  return now.__name__;
}

test("The computer's own figures have a name that no rule asks for, those of the lab's volume keep theirs.", () => {
  const of = (name: string, mountpoint?: string) =>
    renamed({ __name__: name, ...(mountpoint && { mountpoint }) });
  expect(of('mes_host_cpu_seconds_total')).toBe('lab_host_cpu_seconds_total');
  expect(of('mes_host_memory_total_bytes')).toBe('lab_host_memory_total_bytes');
  expect(of('mes_host_load1')).toBe('lab_host_load1');
  expect(of('mes_host_filesystem_size_bytes', '/')).toBe('lab_host_filesystem_size_bytes');
  expect(of('mes_host_filesystem_inodes_free', volume)).toBe('mes_host_filesystem_inodes_free');
  expect(of('mes_host_filesystem_size_bytes', `${volume}/below`)).toBe('lab_host_filesystem_size_bytes');
  expect(of('mes_db_up')).toBe('mes_db_up');
});
