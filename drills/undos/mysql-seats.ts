import { createHash } from 'node:crypto';
import type { Connection } from 'mysql2/promise';

/** The longest name of a user lock that MySQL takes. */
const longestName = 64;
const longestNumber = '#9999'.length;

/**
 * MySQL shows the name of a program only in its performance schema, which MariaDB leaves off. So every session of a drill holds a
 * user lock (GET_LOCK) of its own from its first to its last moment: who holds it can be asked by everybody, and the server
 * releases it with the session and never before its transaction is rolled back.
 */
export function seatName(applicationName: string, seat: number): string {
  if (applicationName.length <= longestName - longestNumber) return `${applicationName}#${seat}`;
  const digest = createHash('sha256').update(applicationName).digest('hex').slice(0, 16);
  return `${applicationName.slice(0, longestName - longestNumber - digest.length - 1)}-${digest}#${seat}`;
}

/** So many names are asked about in one statement. */
const namesAtATime = 500;

/** The ids of the connections that sit on one of the seats of that name. */
export async function whoSits(
  connection: Connection,
  applicationName: string,
  seats: number,
): Promise<number[]> {
  const ids: number[] = [];
  for (let first = 0; first < seats; first += namesAtATime) {
    const count = Math.min(namesAtATime, seats - first);
    const names = Array.from({ length: count }, (_, index) => seatName(applicationName, first + index));
    const columns = names.map((_, index) => `IS_USED_LOCK(?) AS s${index}`).join(', ');
    const [rows] = await connection.query(`SELECT ${columns}`, names);
    const [row = {}] = rows as Record<string, unknown>[];
    ids.push(...Object.values(row).flatMap((id) => (id === null ? [] : [Number(id)])));
  }
  return ids;
}
