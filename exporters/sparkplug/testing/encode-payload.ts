/** A metric of a payload, written by hand so that the decoder is not checked against itself. */
export interface EncodedMetric {
  name?: string;
  alias?: number;
  isHistorical?: boolean;
  isNull?: boolean;
  int?: number;
  long?: number;
  double?: number;
  boolean?: boolean;
  string?: string;
}

export interface EncodedPayload {
  timestamp?: number;
  seq?: number;
  metrics?: readonly EncodedMetric[];
}

/** A Sparkplug B payload in protobuf's wire format, as an edge node sends it. */
export const encodePayload = ({ timestamp = Date.now(), seq, metrics = [] }: EncodedPayload): Buffer =>
  Buffer.concat([
    integer(1, timestamp),
    ...metrics.map((metric) => bytes(2, encodeMetric(metric, timestamp))),
    ...(seq === undefined ? [] : [integer(3, seq)]),
  ]);

function encodeMetric(metric: EncodedMetric, timestamp: number): Buffer {
  const { name, alias, isHistorical, isNull, int, long, double, boolean, string } = metric;
  const dataType = string !== undefined ? 12 : double !== undefined ? 10 : boolean !== undefined ? 11 : 8;
  return Buffer.concat([
    ...(name === undefined ? [] : [bytes(1, Buffer.from(name))]),
    ...(alias === undefined ? [] : [integer(2, alias)]),
    integer(3, timestamp),
    integer(4, dataType),
    ...(isHistorical === undefined ? [] : [integer(5, Number(isHistorical))]),
    ...(isNull === undefined ? [] : [integer(7, Number(isNull))]),
    ...(int === undefined ? [] : [integer(10, int)]),
    ...(long === undefined ? [] : [integer(11, long)]),
    ...(double === undefined ? [] : [fixed64(13, double)]),
    ...(boolean === undefined ? [] : [integer(14, Number(boolean))]),
    ...(string === undefined ? [] : [bytes(15, Buffer.from(string))]),
  ]);
}

function varint(value: number): Buffer {
  const found: number[] = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) found.push(Number(rest & 127n) | 128);
  return Buffer.from([...found, Number(rest)]);
}

const key = (field: number, wireType: number) => varint(field * 8 + wireType);
const integer = (field: number, value: number) => Buffer.concat([key(field, 0), varint(value)]);
const bytes = (field: number, value: Buffer) => Buffer.concat([key(field, 2), varint(value.length), value]);

function fixed64(field: number, value: number): Buffer {
  const eight = Buffer.alloc(8);
  eight.writeDoubleLE(value);
  return Buffer.concat([key(field, 1), eight]);
}
