import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promDuration } from '../kit/duration.ts';
import { messageOf, UsageError } from '../kit/errors.ts';
import { closest } from '../kit/spelling.ts';
import { InvalidFileError, parseYaml } from '../kit/yaml-file.ts';
import { CatalogueMisfit, suiteMisfit } from './catalogue-misfit.ts';
import { type Drill, type DrillVocabulary, drillSchema, longestMs } from './schema.ts';
import { type Suite, type SuiteEntry, suiteSchema } from './suite-schema.ts';

const folder = fileURLToPath(new URL('./catalog/', import.meta.url));
const drillEnding = '.yaml';
const suiteEnding = '.suite.yaml';

/** The ids of the drills and of the suites that ship with Andon. */
export function catalogue(): { drills: string[]; suites: string[] } {
  const files = readdirSync(folder).toSorted();
  const suites = files
    .filter((file) => file.endsWith(suiteEnding))
    .map((file) => file.slice(0, -suiteEnding.length));
  const drills = files
    .filter((file) => file.endsWith(drillEnding) && !file.endsWith(suiteEnding))
    .map((file) => file.slice(0, -drillEnding.length));
  return { drills, suites };
}

/** One run of a suite, or of a single drill: the drill with everything that replaces a part of it, and its name in the suite. */
export interface PlannedDrill {
  name: string;
  drill: Drill;
}

/** What `andon drill run ID` names: a drill or a suite of the catalogue, or a file of either kind. */
export interface DrillPlan {
  suite: Suite | undefined;
  drills: PlannedDrill[];
}

/** Reads and checks everything that an id or file names, before anything runs. Throws UsageError. */
export function planOf(idOrFile: string, vocabulary: DrillVocabulary): DrillPlan {
  const file = fileOf(idOrFile);
  if (!file.endsWith(suiteEnding)) {
    const drill = readDrill(file, vocabulary);
    return { suite: undefined, drills: [{ name: drill.id, drill }] };
  }
  const suite = parseYaml(file, read(file), suiteSchema);
  const misfits: CatalogueMisfit[] = [];
  const drills = suite.drills.flatMap((entry): PlannedDrill[] => {
    try {
      return [plannedDrill(entry, path.dirname(file), vocabulary)];
    } catch (error) {
      if (!(error instanceof CatalogueMisfit)) throw error;
      misfits.push(error);
      return [];
    }
  });
  if (misfits.length > 0)
    throw suiteMisfit(
      suite,
      misfits,
      drills.map(({ name }) => name),
    );
  const twice = drills.map(({ name }) => name).find((name, index, names) => names.indexOf(name) !== index);
  if (twice)
    throw new UsageError('suite.same-name', `${file}: two runs are called ${twice}`, {
      mend: 'Give one of them another name with `as:`',
    });
  return { suite, drills };
}

function plannedDrill(entry: SuiteEntry, beside: string, vocabulary: DrillVocabulary): PlannedDrill {
  const drill = readDrill(fileOf(entry.drill, beside), vocabulary);
  const name = entry.as ?? drill.id;
  const method = drill.method.map((step) => (entry.for === undefined ? step : { ...step, for: entry.for }));
  const changed = { ...drill, method, runbooks: entry.runbooks ?? drill.runbooks };
  if (longestMs(changed) > drill.max_duration)
    throw new UsageError(
      'suite.too-long',
      `${name} may take ${promDuration(longestMs(changed))} with for: ${promDuration(entry.for ?? 0)}, and its max_duration is ${promDuration(drill.max_duration)}`,
      {
        mend: 'Write a shorter for:, or a drill of your own with a longer max_duration. Nothing was touched.',
      },
    );
  return { name, drill: changed };
}

function readDrill(file: string, vocabulary: DrillVocabulary): Drill {
  try {
    return parseYaml(file, read(file), drillSchema(vocabulary));
  } catch (error) {
    // What ships with Andon is right in itself, so it is the plant that is another one.
    if (error instanceof InvalidFileError && path.dirname(file) === path.dirname(`${folder}x`))
      throw new CatalogueMisfit(path.basename(file, drillEnding), error);
    throw error;
  }
}

/** A path that exists, or an id of the catalogue. */
function fileOf(idOrFile: string, beside = '.'): string {
  if (/[/\\]|\.ya?ml$/.test(idOrFile)) return path.resolve(beside, idOrFile);
  for (const ending of [drillEnding, suiteEnding]) {
    const file = path.join(folder, `${idOrFile}${ending}`);
    if (existsSync(file)) return file;
  }
  const { drills, suites } = catalogue();
  const known = [...drills, ...suites];
  const near = closest(idOrFile, known);
  throw new UsageError(
    'drill.unknown',
    `no drill or suite is called "${idOrFile}"${near ? `; did you mean "${near}"?` : ''}`,
    {
      mend: `Known are ${known.join(', ')}; a file of your own is named by its path.`,
    },
  );
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError('drill.unreadable', `${file} cannot be read: ${messageOf(error)}`, {
      mend: 'Name an existing drill file or an id of `andon drill list`.',
    });
  }
}
