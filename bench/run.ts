import { measureBlindExporter } from './blind-exporter.ts';
import { measureConsistency } from './consistency.ts';
import { measureExposition } from './exposition.ts';
import { measureLab } from './lab.ts';
import { measureProxy } from './proxy.ts';
import { measureRules } from './rules.ts';
import { measureSnapshots } from './snapshots.ts';
import { type Measurement, printTable } from './table.ts';
import { measureWebhooks } from './webhooks.ts';

/**
 * `npm run bench [-- NAME…]`: each figure beside its target. Ratios are measured in one run; absolute ones say what machine they need.
 * All together take about twenty minutes.
 */
const parts: Record<string, () => Promise<Measurement[]>> = {
  lab: measureLab,
  exposition: measureExposition,
  'blind-exporter': measureBlindExporter,
  consistency: measureConsistency,
  proxy: measureProxy,
  rules: measureRules,
  snapshots: measureSnapshots,
  webhooks: measureWebhooks,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  process.stderr.write(`bench: no ${unknown.join(', ')}; there are: ${Object.keys(parts).join(', ')}\n`);
  process.exit(2);
}
for (const [name, measure] of Object.entries(parts)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  process.stderr.write(`bench: ${name}\n`);
  printTable(await measure(), process.stdout);
}
