import protobuf from 'protobufjs/light.js';

/** In proto2 a number 0 that was sent is another thing than none: the first sequence number is 0. */
const edition = 'proto2';

/**
 * The part of the Sparkplug B payload that heartbeats need; field numbers as the specification gives them (Sparkplug 3.0,
 * chapter 6). What is not named here is skipped, as protobuf does with unknown fields.
 */
const description = {
  nested: {
    Metric: {
      edition,
      oneofs: {
        value: {
          oneof: ['intValue', 'longValue', 'floatValue', 'doubleValue', 'booleanValue', 'stringValue'],
        },
      },
      fields: {
        name: { type: 'string', id: 1 },
        alias: { type: 'uint64', id: 2 },
        timestamp: { type: 'uint64', id: 3 },
        datatype: { type: 'uint32', id: 4 },
        isHistorical: { type: 'bool', id: 5 },
        isNull: { type: 'bool', id: 7 },
        intValue: { type: 'uint32', id: 10 },
        longValue: { type: 'uint64', id: 11 },
        floatValue: { type: 'float', id: 12 },
        doubleValue: { type: 'double', id: 13 },
        booleanValue: { type: 'bool', id: 14 },
        stringValue: { type: 'string', id: 15 },
      },
    },
    Payload: {
      edition,
      fields: {
        timestamp: { type: 'uint64', id: 1 },
        metrics: { rule: 'repeated', type: 'Metric', id: 2 },
        seq: { type: 'uint64', id: 3 },
      },
    },
  },
};

/** The DataType of a Boolean. */
const booleanType = 11;

const payloadType = protobuf.Root.fromJSON(description).lookupType('Payload');

interface Integer64 {
  toString(): string;
}

/** As protobufjs decodes it; a field that was not sent shines through from the prototype as its default. */
interface DecodedMetric {
  name: string;
  alias: Integer64;
  isHistorical: boolean;
  isNull: boolean;
  value?: 'intValue' | 'longValue' | 'floatValue' | 'doubleValue' | 'booleanValue' | 'stringValue';
  intValue: number;
  longValue: Integer64;
  floatValue: number;
  doubleValue: number;
  booleanValue: boolean;
  stringValue: string;
}

/** One metric of a payload. */
export interface SparkplugMetric {
  readonly name: string | undefined;
  readonly alias: string | undefined;
  readonly isHistorical: boolean;
  /** The value as text; undefined where there is none, or none of a simple type. */
  readonly value: string | undefined;
}

/** What a payload says, in plain types. */
export interface SparkplugPayload {
  readonly seq: number | undefined;
  readonly metrics: readonly SparkplugMetric[];
}

/** More than any birth of an edge node needs; a longer payload is not decoded. */
export const longestPayload = 4 * 1024 * 1024;

/** Throws on what is no payload. */
export function decodePayload(bytes: Uint8Array): SparkplugPayload {
  if (bytes.length > longestPayload) throw new Error(`the payload is longer than ${longestPayload} bytes`);
  const decoded = payloadType.decode(bytes) as unknown as { seq: Integer64; metrics: DecodedMetric[] };
  const seq = Object.hasOwn(decoded, 'seq') ? Number(decoded.seq) : undefined;
  if (seq !== undefined && seq > 255) throw new Error(`the sequence number ${seq} is not between 0 and 255`);
  return { seq, metrics: decoded.metrics.map(plainMetric) };
}

function plainMetric(metric: DecodedMetric): SparkplugMetric {
  const { value: field } = metric;
  return {
    name: Object.hasOwn(metric, 'name') ? metric.name : undefined,
    alias: Object.hasOwn(metric, 'alias') ? String(metric.alias) : undefined,
    isHistorical: metric.isHistorical,
    value: field === undefined || metric.isNull ? undefined : String(metric[field]),
  };
}

/** The command to an edge node that asks for new births of it and its devices. */
export function rebirthCommand(nowMs: number): Uint8Array {
  const metric = {
    name: 'Node Control/Rebirth',
    timestamp: nowMs,
    datatype: booleanType,
    booleanValue: true,
  };
  return payloadType.encode({ timestamp: nowMs, metrics: [metric] }).finish();
}

/** Whether a payload holds nothing but values from the past, as an edge node sends after a time without connection. */
export const isHistorical = ({ metrics }: SparkplugPayload): boolean =>
  metrics.length > 0 && metrics.every((metric) => metric.isHistorical);

/** The number of the birth, from an NBIRTH or NDEATH. */
export function bdSeqOf({ metrics }: SparkplugPayload): number | undefined {
  const value = metrics.find(({ name }) => name === 'bdSeq')?.value;
  return value === undefined || !/^\d{1,15}$/.test(value) ? undefined : Number(value);
}
