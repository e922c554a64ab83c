/**
 * DNS cookies (RFC 7873): a client that gives back what it was sent before has the address that it writes into its packets.
 *
 *     | client cookie, 8 octets, its own choice | server cookie: time, 4 octets, and a code over it, the client's part and address, 12 |
 *
 * Only over UDP, where addresses can be forged, and only where `dns_config.cookies` says so. Who has proved its address is limited neither in
 * rate nor in size. Everybody else is answered as without cookies, with one to come back with. The secret is made at the
 * start: older cookies are worth nothing afterwards, which costs a client one exchange.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { EDNS_OPTION, HEADER_BYTES, OPT_BYTES, RCODE, TYPE } from '../wire/constants.ts';
import { appendOption } from '../wire/fit.ts';
import { recordsOf } from '../wire/record-walk.ts';

const CLIENT_BYTES = 8;
const TIME_BYTES = 4;
const CODE_BYTES = 12;
const SERVER_BYTES = TIME_BYTES + CODE_BYTES;
/** What others' servers may have given (RFC 7873 §4). */
const [MIN_SERVER_BYTES, MAX_SERVER_BYTES] = [8, 32];
/** How old a cookie may be, and how far in the future by clocks that differ (RFC 9018 §4.3). */
const [MAX_AGE_SECONDS, MAX_AHEAD_SECONDS] = [3_600, 300];
const OPTION_HEAD_BYTES = 4;

/** A cookie as a packet brings it. */
export interface AskedCookie {
  readonly client: Uint8Array;
  /** Empty when the client has none yet. */
  readonly server: Uint8Array;
  /** What the client advertises. */
  readonly payloadBytes: number;
}

/** The cookie of a query; undefined without one, 'malformed' for one of a length that none has (RFC 7873 §5.2.2). */
export function readCookie(packet: Uint8Array): AskedCookie | 'malformed' | undefined {
  if (packet.length < HEADER_BYTES || packet[11] === 0) return undefined;
  for (const { type, at, end } of recordsOf(packet)) {
    if (type !== TYPE.OPT || packet[at] !== 0) continue;
    const payloadBytes = ((packet[at + 3] as number) << 8) | (packet[at + 4] as number);
    return cookieIn(packet.subarray(at + OPT_BYTES, end), payloadBytes);
  }
  return undefined;
}

function cookieIn(options: Uint8Array, payloadBytes: number): AskedCookie | 'malformed' | undefined {
  for (let at = 0; at + OPTION_HEAD_BYTES <= options.length; ) {
    const code = ((options[at] as number) << 8) | (options[at + 1] as number);
    const length = ((options[at + 2] as number) << 8) | (options[at + 3] as number);
    const data = options.subarray(at + OPTION_HEAD_BYTES, at + OPTION_HEAD_BYTES + length);
    if (code === EDNS_OPTION.COOKIE) {
      const serverBytes = data.length - CLIENT_BYTES;
      const isWhole =
        serverBytes === 0 || (serverBytes >= MIN_SERVER_BYTES && serverBytes <= MAX_SERVER_BYTES);
      if (!isWhole) return 'malformed';
      return { client: data.slice(0, CLIENT_BYTES), server: data.slice(CLIENT_BYTES), payloadBytes };
    }
    at += OPTION_HEAD_BYTES + length;
  }
  return undefined;
}

function codeOf(secret: Uint8Array, client: Uint8Array, time: Uint8Array, address: string): Buffer {
  return createHmac('sha256', secret)
    .update(client)
    .update(time)
    .update(address)
    .digest()
    .subarray(0, CODE_BYTES);
}

/** Whether the client at `address` was given this cookie, not too long ago. Takes the same time whatever it holds. */
export function isProof(
  { client, server }: AskedCookie,
  address: string,
  secret: Uint8Array,
  nowSeconds: number,
): boolean {
  if (server.length !== SERVER_BYTES) return false;
  const time = server.subarray(0, TIME_BYTES);
  const seconds = new DataView(time.buffer, time.byteOffset).getUint32(0);
  const ageSeconds = ((nowSeconds >>> 0) - seconds) | 0; // serial arithmetic, past 2106 too
  const isRight = timingSafeEqual(server.subarray(TIME_BYTES), codeOf(secret, client, time, address));
  return isRight && ageSeconds <= MAX_AGE_SECONDS && ageSeconds >= -MAX_AHEAD_SECONDS;
}

/** The option to give back: the client's own part and a new one of ours. */
export function cookieOption(
  { client }: AskedCookie,
  address: string,
  secret: Uint8Array,
  nowSeconds: number,
): Uint8Array {
  const option = Buffer.alloc(OPTION_HEAD_BYTES + CLIENT_BYTES + SERVER_BYTES);
  option.writeUInt16BE(EDNS_OPTION.COOKIE, 0);
  option.writeUInt16BE(CLIENT_BYTES + SERVER_BYTES, 2);
  option.set(client, OPTION_HEAD_BYTES);
  const timeAt = OPTION_HEAD_BYTES + CLIENT_BYTES;
  option.writeUInt32BE(nowSeconds >>> 0, timeAt);
  const time = option.subarray(timeAt, timeAt + TIME_BYTES);
  option.set(codeOf(secret, client, time, address), timeAt + TIME_BYTES);
  return option;
}

/**
 * Append an option to the reply in `out`, whose OPT record ends it, if there is room and no cookie of a recursor is in it; gives
 * the length.
 */
export function appendCookie(out: Uint8Array, length: number, option: Uint8Array, maxBytes: number): number {
  let opt: { readonly at: number; readonly end: number } | undefined;
  for (const record of recordsOf(out.subarray(0, length)))
    opt = record.type === TYPE.OPT ? record : undefined;
  if (opt === undefined || opt.end !== length) return length;
  if (cookieIn(out.subarray(opt.at + OPT_BYTES, opt.end), 0) !== undefined) return length;
  return appendOption({ out, length, optionsBytes: length - opt.at - OPT_BYTES, maxBytes }, option);
}

/** FORMERR in `out`, for a cookie that cannot be one; gives the length. */
export function writeMalformed(packet: Uint8Array, out: Uint8Array): number {
  out.fill(0, 0, HEADER_BYTES);
  out[0] = packet[0] as number;
  out[1] = packet[1] as number;
  out[2] = 0x80 | ((packet[2] as number) & 0x79); // QR; opcode and RD as they came
  out[3] = RCODE.FORMERR;
  return HEADER_BYTES;
}
