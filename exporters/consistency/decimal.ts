/** A decimal number without any rounding: `digits` divided by ten to the power of `scale`. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/** At most so many digits and such exponents are numbers to us: more than any quantity needs, and no trap for the memory. */
const decimalText = /^([+-]?)(\d{0,1000})(?:\.(\d{0,1000}))?(?:[eE]([+-]?\d{1,3}))?$/;

/** Reads `10`, `-0.50`, `.5` or `1.5e3`; undefined when the text is no decimal number. */
export function parseDecimal(text: string): Decimal | undefined {
  const parts = decimalText.exec(text);
  if (!parts) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts;
  if (whole === '' && fraction === '') return undefined;
  const magnitude = BigInt(whole + fraction);
  const digits = sign === '-' ? -magnitude : magnitude;
  const scale = fraction.length - Number(exponent);
  return scale < 0 ? { digits: digits * tenTo(-scale), scale: 0 } : { digits, scale };
}

/**
 * Whether two values that systems hold mean the same: as decimal numbers not further apart than the tolerance where both
 * are numbers, and as text where one is not. `10.00` equals `10`.
 */
export function sameValue(a: string, b: string, tolerance: Decimal): boolean {
  if (a === b) return true;
  const [one, other] = [parseDecimal(a), parseDecimal(b)];
  if (one === undefined || other === undefined) return false;
  const scale = Math.max(one.scale, other.scale, tolerance.scale);
  const difference = atScale(one, scale) - atScale(other, scale);
  return (difference < 0n ? -difference : difference) <= atScale(tolerance, scale);
}

const tenTo = (exponent: number): bigint => 10n ** BigInt(exponent);
const atScale = ({ digits, scale }: Decimal, wanted: number): bigint => digits * tenTo(wanted - scale);
