import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bdSeqOf, decodePayload, isHistorical, longestPayload, rebirthCommand } from './payload.ts';
import { encodePayload } from './testing/encode-payload.ts';

describe('a Sparkplug B payload', () => {
  it('is read as it was written, with values of every simple type', () => {
    const written = encodePayload({
      seq: 255,
      metrics: [
        { name: 'bdSeq', long: 7 },
        { name: 'State', alias: 3, string: 'Executing' },
        { alias: 4, double: 0.5, isHistorical: true },
        { name: 'Mode', int: 2 },
        { name: 'Locked', boolean: false },
        { name: 'Gone', isNull: true, int: 9 },
        { name: 'Empty' },
      ],
    });
    expect(decodePayload(written)).toEqual({
      seq: 255,
      metrics: [
        { name: 'bdSeq', alias: undefined, isHistorical: false, value: '7' },
        { name: 'State', alias: '3', isHistorical: false, value: 'Executing' },
        { name: undefined, alias: '4', isHistorical: true, value: '0.5' },
        { name: 'Mode', alias: undefined, isHistorical: false, value: '2' },
        { name: 'Locked', alias: undefined, isHistorical: false, value: 'false' },
        { name: 'Gone', alias: undefined, isHistorical: false, value: undefined },
        { name: 'Empty', alias: undefined, isHistorical: false, value: undefined },
      ],
    });
  });

  it('holds the number 0 or none, which is not the same', () => {
    const read = (seq?: number) =>
      decodePayload(
        encodePayload({ ...(seq === undefined ? {} : { seq }), metrics: [{ alias: 0, int: 0 }] }),
      );
    expect(read(0).seq).toBe(0);
    expect(read().seq).toBeUndefined();
    expect(read().metrics).toEqual([{ name: undefined, alias: '0', isHistorical: false, value: '0' }]);
  });

  it('says which birth it belongs to only where it holds a bdSeq', () => {
    const bdSeq = (name: string) => bdSeqOf(decodePayload(encodePayload({ metrics: [{ name, long: 7 }] })));
    expect(bdSeq('bdSeq')).toBe(7);
    expect(bdSeq('bdseq')).toBeUndefined();
  });

  it('is from the past only if every value in it is', () => {
    const historical = (...flags: boolean[]) =>
      isHistorical(decodePayload(encodePayload({ metrics: flags.map((flag) => ({ isHistorical: flag })) })));
    expect(historical(true, true)).toBe(true);
    expect(historical(true, false)).toBe(false);
    expect(historical()).toBe(false);
  });

  it('is refused when it is too long, or has a number no message can have', () => {
    expect(() => decodePayload(Buffer.alloc(longestPayload + 1))).toThrow('longer than 4194304 bytes');
    expect(() => decodePayload(encodePayload({ seq: 256 }))).toThrow('256 is not between 0 and 255');
    expect(() => decodePayload(Buffer.from('not protobuf at all'))).toThrow();
  });

  it('either is read or refused, whatever the bytes are', () => {
    const good = encodePayload({ seq: 3, metrics: [{ name: 'State', alias: 1, string: 'executing' }] });
    const damaged = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 8 })
      .map((changes) => {
        const bytes = Buffer.from(good);
        for (const [at, byte] of changes) bytes[at] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged), (bytes) => {
        try {
          const { seq = 0, metrics } = decodePayload(bytes);
          expect(Number.isInteger(seq) && seq >= 0 && seq <= 255).toBe(true);
          expect(Array.isArray(metrics)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

it('The command for a rebirth is the one of the specification.', () => {
  const timestamp = 1_700_000_000_000;
  expect(Buffer.from(rebirthCommand(timestamp))).toEqual(
    encodePayload({ timestamp, metrics: [{ name: 'Node Control/Rebirth', boolean: true }] }),
  );
});
