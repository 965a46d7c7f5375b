import { closest } from '../../kit/spelling.ts';
import type { Row } from '../databases/session.ts';

const decimal = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
const instant = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/i;

/** The cell of a row in that column. Throws when the row has no such column. */
export function cellOf(row: Row, column: string): unknown {
  const cell = Object.hasOwn(row, column) ? row[column] : undefined;
  if (cell === undefined) throw new Error(`no column "${column}"; ${hint(column, Object.keys(row))}`);
  return cell;
}

function hint(column: string, known: readonly string[]): string {
  const near = closest(column, known);
  return near === undefined ? `there are ${known.join(', ')}` : `did you mean "${near}"?`;
}

/**
 * A cell as a number: whole and decimal numbers also as text, which is how drivers hand over bigint and numeric; a moment as Unix
 * seconds; true and false as 1 and 0. Nothing (NULL) stays null.
 */
export function numberIn(row: Row, column: string): number | null {
  const cell = cellOf(row, column);
  if (cell === null) return null;
  const number = toNumber(cell);
  if (number === undefined) throw new Error(`column "${column}" is not a number: ${shown(cell)}`);
  if (!Number.isFinite(number)) throw new Error(`column "${column}" is not a finite number: ${number}`);
  return number;
}

function toNumber(cell: unknown): number | undefined {
  switch (typeof cell) {
    case 'number':
      return cell;
    case 'bigint':
    case 'boolean':
      return Number(cell);
    case 'string':
      return decimal.test(cell) ? Number(cell) : secondsOf(cell);
    default:
      return cell instanceof Date ? cell.getTime() / 1000 : undefined;
  }
}

/** A moment as JSON writes it. Without its zone it would be anybody's guess, and is not taken. */
function secondsOf(text: string): number | undefined {
  if (!instant.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

/** A cell as the text of a label. Nothing (NULL) is the empty text, which to Prometheus is no label. */
export function textIn(row: Row, column: string): string {
  const cell = cellOf(row, column);
  if (typeof cell === 'string') return cell;
  if (cell === null) return '';
  if (cell instanceof Date && !Number.isNaN(cell.getTime())) return cell.toISOString();
  if (typeof cell === 'number' || typeof cell === 'bigint' || typeof cell === 'boolean') return String(cell);
  throw new Error(`column "${column}" is no text for a label: ${shown(cell)}`);
}

const longestShown = 40;

/** A cell in a message: short, whatever it holds. */
export function shown(cell: unknown): string {
  const text =
    typeof cell === 'object' ? kindOf(cell) : typeof cell === 'string' ? JSON.stringify(cell) : String(cell);
  return text.length > longestShown ? `${text.slice(0, longestShown - 1)}…` : text;
}

const kindOf = (cell: object | null): string =>
  cell === null
    ? 'null'
    : Array.isArray(cell)
      ? 'a list'
      : cell instanceof Date
        ? 'an invalid date'
        : 'an object';
