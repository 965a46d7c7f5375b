import type { Database, Statement } from '../database/database.ts';
import type { OperationsRequest } from '../mes-api.ts';
import type { State } from './transitions.ts';

/** Makes a work order; the same request again changes nothing, except that its material may now be in place. */
export async function requestOperations(
  database: Database,
  request: OperationsRequest,
): Promise<{ id: string; state: State; version: number }> {
  const rows = await database.run((session) =>
    session.query<{ id: string; state: State; version: number }>(requestStatement, [
      request.id,
      request.line,
      request.product,
      request.material,
      request.lot,
      request.material_ready,
      request.urgency,
      request.due_at,
      request.quantity,
      request.predecessor ?? null,
    ]),
  );
  const [made] = rows;
  if (made === undefined) throw new Error(`work order ${request.id} was not stored`);
  return made;
}

const requestStatement: Statement = {
  name: 'operations-request',
  text: `
INSERT INTO work_orders (id, line, product, material, lot, material_ready, urgency, due_at, quantity, predecessor)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (id) DO UPDATE SET material_ready = work_orders.material_ready OR excluded.material_ready
RETURNING id, state, version`,
};
