import { parse, stringify } from 'yaml';

/**
 * A lab borrows its computer, and how busy or full that is says nothing about the plant: an alert about it would disturb every
 * drill. So in a lab's Prometheus the series of the host have another name (`lab_host_…`), which no rule asks for; those of the
 * lab's own volume alone keep theirs.
 */
export function onlyTheLabsOwn(prometheusConfig: string, volume: string): string {
  const config = parse(prometheusConfig) as { scrape_configs: object[] };
  return stringify({
    ...config,
    scrape_configs: config.scrape_configs.map((job) => ({ ...job, metric_relabel_configs: rules(volume) })),
  });
}

/** The expressions are Prometheus' own: they must match the whole text. */
const rules = (volume: string): object[] => [
  rename('mes_host_(cpu|memory|load)(.*)', 'lab_host_$1$2'),
  rename('mes_host_(filesystem)(.*)', 'lab_host_$1$2'),
  {
    source_labels: ['__name__', 'mountpoint'],
    regex: `lab_host_(filesystem.*);${escaped(volume)}`,
    target_label: '__name__',
    replacement: 'mes_host_$1',
  },
];

const rename = (regex: string, replacement: string) => ({
  source_labels: ['__name__'],
  regex,
  target_label: '__name__',
  replacement,
});

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
