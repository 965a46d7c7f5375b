import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { systemClock } from '../../kit/clock.ts';
import { targetsSchema } from '../../kit/targets.ts';
import { leashWishSchema, runLeash } from '../leash-main.ts';
import { runWatchdog } from '../watchdog-main.ts';

/** The `andon drill watchdog` and `andon drill leash` of tests: as the real ones, over a file that holds targets and nothing else. */
const text = { type: 'string', default: '' } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { run: text, 'undo-log': text, journal: text, config: text, wish: text },
});
const common = {
  stdin: process.stdin,
  stdout: process.stdout,
  targets: targetsSchema.parse(JSON.parse(readFileSync(values.config, 'utf8'))),
  fetch,
  clock: systemClock,
};
if (positionals.includes('leash'))
  await runLeash({ ...common, ...leashWishSchema.parse(JSON.parse(values.wish)) });
else
  await runWatchdog({
    ...common,
    run: values.run,
    undoLogFile: values['undo-log'],
    journalFile: values.journal,
  });
