/** The server shuts down, or has ended the session by KILL, for silence or because somebody took its user away. */
const aboutTheSession = ['ER_SERVER_SHUTDOWN', 'ER_CONNECTION_KILLED', 'ER_CLIENT_INTERACTION_TIMEOUT'];

interface ServerError extends Error {
  errno: number;
  code: string;
  sqlState: string;
  fatal?: boolean;
}

const isServerError = (error: unknown): error is ServerError =>
  error instanceof Error && 'sqlState' in error && 'errno' in error && 'code' in error;

/** Whether the server refused or ended the statement and goes on with the session: it is up. */
export function isAboutTheStatement(error: unknown): boolean {
  if (!isServerError(error) || error.fatal === true) return false;
  return !aboutTheSession.includes(error.code) && !String(error.sqlState).startsWith('08');
}

/** The right to it is missing (on a database, a table, a column, the server), or the server has no such table, or no binary log. */
const notToBeHad = [1044, 1142, 1143, 1227, 1109, 1146, 1381];

/** The rows, or none where the server does not have them or does not show them to this user. */
export async function rowsIfShown<R>(query: () => Promise<R[]>): Promise<R[]> {
  try {
    return await query();
  } catch (error) {
    if (isServerError(error) && notToBeHad.includes(error.errno)) return [];
    throw error;
  }
}
