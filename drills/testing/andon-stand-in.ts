import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { systemClock } from '../../kit/clock.ts';
import { targetsSchema } from '../../kit/targets.ts';
import { runWatchdog } from '../watchdog-main.ts';

/** The `andon drill watchdog` of tests: as the real command, over a file that holds targets and nothing else. */
const { values } = parseArgs({
  allowPositionals: true,
  options: {
    run: { type: 'string', default: '' },
    'undo-log': { type: 'string', default: '' },
    journal: { type: 'string', default: '' },
    config: { type: 'string', default: '' },
  },
});
await runWatchdog({
  stdin: process.stdin,
  stdout: process.stdout,
  run: values.run,
  undoLogFile: values['undo-log'],
  journalFile: values.journal,
  targets: targetsSchema.parse(JSON.parse(readFileSync(values.config, 'utf8'))),
  fetch,
  clock: systemClock,
});
