/**
 * An answer that is ready to be sent any number of times, and how it becomes octets for one query.
 *
 *     header | question as it came | answers in this query's order | SOA when negative | addresses, notes, OPT
 *
 * The hot path: no allocation, no string, no closure. Whether an answer can be rendered like this is decided in
 * `makeSendable`; those that cannot are written record by record (encode-answer.ts). Both obey the same limits.
 */
import type { Random } from '../lib/random.ts';
import { type Compiled, compile } from '../wire/compiled.ts';
import { FLAG, HEADER_BYTES, OPT_BYTES, TYPE } from '../wire/constants.ts';
import { type Assembly, emitAnswers, emitExtras, fitCompiled, type Order } from '../wire/emit.ts';
import { emitSoa } from '../wire/soa.ts';
import type { Answer } from './answer.ts';
import { errorOption, whyEmpty } from './extended-error.ts';
import { areEqual, identityOrder, reorder, type SharedOrders } from './order.ts';
import type { WeightedGroup } from './records.ts';
import type { Zone } from './zone.ts';

export interface Sendable {
  readonly rcode: number;
  readonly compiled: Compiled;
  readonly isShuffled: boolean;
  readonly weights: Float64Array | null;
  /** Shuffled in place for each query, where the answers are shuffled; else it stays as it is. */
  readonly order: Order;
  /** Most answers over any transport, and over UDP in 512 octets. */
  readonly limit: number;
  readonly smallLimit: number;
  /** SOA record behind the answer section. */
  readonly isNegative: boolean;
  /** Extended error for an empty answer; null for none. */
  readonly emptyError: Uint8Array | null;
  /** Where this answer is counted, by transport (0 UDP, 1 TCP). */
  readonly slots: readonly [number, number];
  /** Where its service is counted; -1 for none. */
  readonly serviceSlot: number;
}

/** The largest number of answers that `udp_answer_limit` may be: more never fit in 512 octets. */
const MAX_SMALL_ANSWERS = 8;

/** Answers in a UDP message of 512 octets; `configured` 0 is no limit. */
export function smallAnswerLimit(configured: number): number {
  return configured === 0 ? MAX_SMALL_ANSWERS : Math.min(MAX_SMALL_ANSWERS, configured);
}

/** Where answers of one kind are counted. */
export interface Slots {
  readonly slots: readonly [number, number];
  readonly serviceSlot: number;
}

/** The weights, or null when they are all equal and do not matter. */
export function weightsOf(groups: readonly WeightedGroup[]): Float64Array | null {
  const weights = new Float64Array(groups.length);
  for (let i = 0; i < weights.length; i += 1) weights[i] = groups[i]?.weight ?? 0;
  return areEqual(weights) ? null : weights;
}

/** What rendering needs besides the answer. */
export interface Rendering {
  readonly zone: Zone;
  readonly orders: SharedOrders;
}

/** Render an answer; undefined when it has parts that do not move or compression is off. */
export function makeSendable(answer: Answer, slots: Slots, rendering: Rendering): Sendable | undefined {
  const { config } = rendering.zone;
  const { length } = answer.groups;
  if (answer.authority.length > 0 || answer.additional.length > 0) return undefined;
  if (config.disableCompression) return undefined;
  const compiled = compile(answer.groups);
  if (compiled === undefined) return undefined;
  const weights = weightsOf(answer.groups);
  const isShuffled = answer.isShuffled && length > 1;
  const empty = config.extendedErrors && length === 0 ? whyEmpty(answer) : undefined;
  return {
    rcode: answer.rcode,
    compiled,
    isShuffled,
    weights,
    order: isShuffled ? rendering.orders.of(length) : identityOrder(length),
    limit: Math.min(answer.limit, length),
    smallLimit: answer.isLimitedOverUdp ? smallAnswerLimit(config.udpAnswerLimit) : Number.MAX_SAFE_INTEGER,
    isNegative: answer.isNegative,
    emptyError: empty ? errorOption(empty) : null,
    ...slots,
  };
}

/** One query as the hot path sees it; one object is used again and again. */
export interface Asked {
  packet: Uint8Array;
  /** What the client advertises; -1 without EDNS. */
  payloadBytes: number;
  /** Largest message for this client over this transport, octets. */
  maxBytes: number;
  /** Whether `udp_answer_limit` counts: UDP in 512 octets. */
  isSmall: boolean;
  /** Seconds since 1970, for the SOA record. */
  serial: number;
}

/** Flags of a reply to a standard query whose flags are `flagsHigh`, `flagsLow`: QR and AA, RD and CD as they came. */
function writeHead(asked: Asked, assembly: Assembly, ra: number): void {
  const { packet } = asked;
  const { out, nameEnd } = assembly;
  out[0] = packet[0] as number;
  out[1] = packet[1] as number;
  out[2] = ((FLAG.QR | FLAG.AA) >>> 8) | ((packet[2] as number) & (FLAG.RD >>> 8));
  out[3] = ra | ((packet[3] as number) & FLAG.CD);
  out[4] = 0;
  out[5] = 1;
  const end = nameEnd + 4;
  for (let i = HEADER_BYTES; i < end; i += 1) out[i] = packet[i] as number;
  assembly.offset = end;
  assembly.answersAt = end;
  assembly.additional = 0;
}

function writeOpt(asked: Asked, assembly: Assembly): void {
  const { out } = assembly;
  const at = assembly.offset;
  out[at] = 0;
  out[at + 1] = 0;
  out[at + 2] = TYPE.OPT;
  out[at + 3] = asked.payloadBytes >>> 8;
  out[at + 4] = asked.payloadBytes;
  for (let i = at + 5; i < at + OPT_BYTES; i += 1) out[i] = 0;
  assembly.offset = at + OPT_BYTES;
  assembly.additional += 1;
}

/** Append an option to the OPT record just written, if there is room. */
function writeOption(option: Uint8Array, asked: Asked, assembly: Assembly): void {
  const { out, offset } = assembly;
  if (offset + option.length > asked.maxBytes) return;
  out[offset - 2] = option.length >>> 8;
  out[offset - 1] = option.length;
  for (let i = 0; i < option.length; i += 1) out[offset + i] = option[i] as number;
  assembly.offset = offset + option.length;
}

function writeCounts(sendable: Sendable, assembly: Assembly): void {
  const { out, count, additional } = assembly;
  out[3] = (out[3] as number) | sendable.rcode;
  out[6] = count >>> 8;
  out[7] = count;
  out[8] = 0;
  out[9] = sendable.isNegative ? 1 : 0;
  out[10] = additional >>> 8;
  out[11] = additional;
}

/** What depends on the configuration, not on the answer. */
export interface SendRules {
  readonly zone: Zone;
  /** The RA bit, or 0. */
  readonly recursionAvailable: number;
  readonly random: Random;
  /** The option that tells of `sent` out of `total` answers; null when that is not wanted. */
  readonly cutError: (sent: number, total: number) => Uint8Array | null;
}

/** OPT record, extended error and TC. */
function writeTail(sendable: Sendable, asked: Asked, assembly: Assembly, rules: SendRules): void {
  const isCut = assembly.count < sendable.limit;
  if (isCut && rules.zone.config.enableTruncate) {
    assembly.out[2] = (assembly.out[2] as number) | (FLAG.TC >>> 8);
  }
  if (asked.payloadBytes < 0) return;
  writeOpt(asked, assembly);
  const option = isCut ? rules.cutError(assembly.count, sendable.compiled.count) : sendable.emptyError;
  if (option) writeOption(option, asked, assembly);
}

/**
 * Write the reply to `asked` into `assembly.out`; gives its length, or -1 when it must be written record by record
 * (more than 16 KB of SRV answers). `assembly.nameEnd` is set by the caller. Cost: the octets, and one random number for
 * each answer.
 */
export function send(sendable: Sendable, asked: Asked, assembly: Assembly, rules: SendRules): number {
  const { compiled, order } = sendable;
  writeHead(asked, assembly, rules.recursionAvailable);
  const wanted = asked.isSmall ? Math.min(sendable.limit, sendable.smallLimit) : sendable.limit;
  if (sendable.isShuffled) reorder(order, wanted, sendable.weights, rules.random);
  assembly.order = order;
  assembly.count = wanted;
  if (compiled.count > 0) {
    const reserved = asked.payloadBytes < 0 ? 0 : OPT_BYTES;
    if (!fitCompiled(compiled, assembly, asked.maxBytes - assembly.offset - reserved)) return -1;
    emitAnswers(compiled, assembly);
  }
  if (sendable.isNegative) emitSoa(rules.zone.soa, assembly, asked.serial);
  if (compiled.count > 0) emitExtras(compiled, assembly);
  writeTail(sendable, asked, assembly, rules);
  writeCounts(sendable, assembly);
  return assembly.offset;
}
