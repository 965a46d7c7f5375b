import type pg from 'pg';

/** A healthy server ends a session in milliseconds; a frozen one is not waited for. */
const goodbyeMs = 2000;

/** Ends a session; if the server does not take note in time, at least our end of the connection is gone. */
export async function goodbye(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => client.connection.stream.destroy(), goodbyeMs);
  try {
    await client.end();
  } finally {
    clearTimeout(timer);
  }
}
