import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The class path of a broker, or why there is none. */
export type KafkaPrograms = { readonly classPath: string } | { readonly missing: string };

const pom = fileURLToPath(new URL('pom.xml', import.meta.url));
const tools = fileURLToPath(new URL('../../../.tools/', import.meta.url));
/** 43 MB from Maven Central, over a slow line. */
const fetchLimitMs = 300_000;

/** A Kafka for tests: Java on PATH, and the broker's files, which are fetched once by Maven into .tools/. */
export async function kafkaPrograms(): Promise<KafkaPrograms> {
  const version = /<version>(\d[^<]*\.\d[^<]*)<\/version>/.exec(readFileSync(pom, 'utf8'))?.[1] ?? '';
  const folder = path.join(tools, `kafka-${version}`);
  const classPath = path.join(folder, '*');
  if (!(await runs('java', '-version'))) return { missing: 'java is not on PATH' };
  if (existsSync(folder)) return { classPath };
  if (!(await runs('mvn', '--version')))
    return { missing: `mvn, which would fetch Kafka ${version}, is not on PATH` };
  try {
    await fetchInto(folder);
    return { classPath };
  } catch {
    return { missing: `mvn could not fetch Kafka ${version} from Maven Central` };
  }
}

/** Into a folder beside it first: what is there is whole, even if two tests fetch at once. */
async function fetchInto(folder: string): Promise<void> {
  await mkdir(tools, { recursive: true });
  const part = await mkdtemp(`${folder}-part-`);
  try {
    const args = ['-q', '-B', '--strict-checksums', '-f', pom, 'dependency:copy-dependencies'];
    await promisify(execFile)('mvn', [...args, '-DincludeScope=runtime', `-DoutputDirectory=${part}`], {
      timeout: fetchLimitMs,
    });
    await rename(part, folder);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

const runs = (program: string, argument: string): Promise<boolean> =>
  promisify(execFile)(program, [argument]).then(
    () => true,
    () => false,
  );
