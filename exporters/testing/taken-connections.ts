import pg from 'pg';

/** Sessions that do nothing but take the connections of a server. */
export interface TakenConnections extends AsyncDisposable {
  readonly count: number;
}

/** Opens sessions until there are so many, or the server refuses one more. */
export async function takeConnections(
  url: string,
  most = Number.POSITIVE_INFINITY,
): Promise<TakenConnections> {
  const clients: pg.Client[] = [];
  while (clients.length < most) {
    const client = new pg.Client({ connectionString: url, application_name: 'idle terminal' });
    client.on('error', () => {});
    try {
      await client.connect();
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === '53300') break;
      throw error;
    }
    clients.push(client);
  }
  return {
    count: clients.length,
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}
