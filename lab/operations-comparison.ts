/** A quarter of an hour of a busy plant is compared in a moment, on a computer that also runs the plant. */
const window = '15 minutes';

/**
 * What each system holds of each reported piece. The MES stamps a piece when it books it and the stamp travels with it, so that all
 * three are asked about the same pieces, whatever their clocks show and however long a piece was on its way.
 */
const piecesOf = (table: string, time: string, quantity: string): string =>
  `SELECT material, lot AS batch, op_id AS operation, ${quantity} AS quantity FROM ${table}
WHERE ${time} >= $watermark - interval '${window}' AND ${time} < $watermark
GROUP BY material, lot, op_id
ORDER BY material COLLATE "C", lot COLLATE "C", op_id COLLATE "C"`;

/** `exporter.consistency` of a lab. */
export const operationsComparison = {
  name: 'operations',
  interval: '30s',
  // Longer than any drill keeps a message in the queue: what is on its way is no difference.
  settle: '1m',
  recheck_after: '10s',
  keys: ['material', 'batch', 'operation'],
  source: { system: 'mes', target: 'mes-db', sql: piecesOf('operations', 'server_ts', 'count(*)') },
  destinations: [
    {
      system: 'erp',
      target: 'erp-db',
      sql: piecesOf('operations_performance', 'reported_at', 'sum(quantity)'),
    },
    { system: 'wms', target: 'wms-db', sql: piecesOf('stock_moves', 'reported_at', 'sum(quantity)') },
  ],
};

const pieceIn = (columns: string): string =>
  `SELECT op_id, source, seq, material, lot, 1 AS quantity, server_ts AS reported_at${columns}
FROM operations WHERE material = $1 AND lot = $2 AND op_id = $3`;

const lots = 'jsonb_to_recordset($1) AS r(material text, lot text)';

/** `runbooks.repairs` of a lab: the MES is right, because operators reported to it. */
export const operationsRepairs = {
  'erp-operations': {
    comparison: 'operations',
    into: 'erp',
    record: pieceIn(', serial, work_order_id, false AS redelivered'),
    table: 'operations_performance',
    match: ['op_id'],
    mark: { column: 'remark' },
  },
  'wms-moves': {
    comparison: 'operations',
    into: 'wms',
    record: pieceIn(''),
    table: 'stock_moves',
    match: ['op_id'],
    mark: { column: 'remark' },
    // The first statement locks the balance of each lot, so that a move which the WMS books meanwhile is counted.
    recompute: [
      `INSERT INTO stock (material, lot, quantity) SELECT DISTINCT material, lot, 0 FROM ${lots} ORDER BY material, lot
ON CONFLICT (material, lot) DO UPDATE SET quantity = stock.quantity`,
      `UPDATE stock SET quantity = (
  SELECT coalesce(sum(m.quantity), 0) FROM stock_moves m WHERE m.material = stock.material AND m.lot = stock.lot)
WHERE (material, lot) IN (SELECT material, lot FROM ${lots})`,
    ],
  },
};
