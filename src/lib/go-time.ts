/**
 * Moments as the Go standard library writes them in binary (time.Time.MarshalBinary): version 1, seconds since the year 1,
 * nanoseconds, minutes east of Greenwich (-1 is UTC). Milliseconds since 1970 are the unit inside rollcall.
 */

const VERSION = 1;
const LENGTH = 15;
/** From the beginning of the year 1 to that of 1970. */
const SECONDS_BEFORE_1970 = 62_135_596_800n;
const UTC = -1;

/** Milliseconds since 1970, or undefined for octets that are no moment. Go's zero moment is one long before. */
export function readGoTime(octets: Uint8Array): number | undefined {
  if (octets.length !== LENGTH || octets[0] !== VERSION) return undefined;
  const view = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  const seconds = view.readBigInt64BE(1) - SECONDS_BEFORE_1970;
  return Number(seconds) * 1_000 + Math.floor(view.readInt32BE(9) / 1e6);
}

/** The octets of a moment. */
export function goTime(ms: number): Buffer {
  const seconds = Math.floor(ms / 1_000);
  const octets = Buffer.alloc(LENGTH);
  octets[0] = VERSION;
  octets.writeBigInt64BE(BigInt(seconds) + SECONDS_BEFORE_1970, 1);
  octets.writeInt32BE(Math.round((ms - seconds * 1_000) * 1e6), 9);
  octets.writeInt16BE(UTC, 13);
  return octets;
}
