/**
 * Rendered answers (compiled.ts) → octets of one message, in the order and number that this query gets.
 *
 * The hot path: copies octets, adds offsets, allocates next to nothing. Sections are written one after the other at
 * `assembly.offset`; header, question and OPT are the caller's.
 */
import {
  ADDRESS_COUNT,
  ADDRESSES_AT,
  ANSWER_AT,
  type Compiled,
  END,
  NOTE_COUNT,
  NOTES_AT,
  POINTERS_FROM,
  POINTERS_TO,
  TARGET_AT,
} from './compiled.ts';
import { MAX_POINTER } from './constants.ts';

/** Positions of answers, in the order that they are sent. */
export type Order = Uint16Array | Uint32Array;

/** A message being put together. One object serves all queries of a thread: the hot path allocates nothing. */
export interface Assembly {
  out: Uint8Array;
  /** Where the next octet goes. */
  offset: number;
  /** Offset after the name of the question. */
  nameEnd: number;
  answersAt: number;
  /** Which answers in which order; the first `count` are sent. */
  order: Order;
  count: number;
  withNotes: boolean;
  /** Records written to the additional section. */
  additional: number;
}

function answerBytes({ layout, stride }: Compiled, i: number): number {
  const at = i * stride;
  return (layout[at + ADDRESSES_AT] as number) - (layout[at + ANSWER_AT] as number);
}

function bytesOf({ layout, stride }: Compiled, i: number, withNotes: boolean): number {
  const at = i * stride;
  return (layout[at + (withNotes ? END : NOTES_AT)] as number) - (layout[at + ANSWER_AT] as number);
}

function totalBytes(compiled: Compiled, assembly: Assembly, withNotes: boolean): number {
  const { order, count } = assembly;
  if (compiled.stride === 0) return count * bytesOf(compiled, 0, withNotes);
  let total = 0;
  for (let i = 0; i < count; i += 1) total += bytesOf(compiled, order[i] as number, withNotes);
  return total;
}

/**
 * Lower `assembly.count` and `assembly.withNotes` until the answers in order fit in `room` octets, by the rule of
 * fit.ts: notes go first, then answers from the end. False when a pointer could not reach (past 16 KB); the caller then
 * writes record by record.
 */
export function fitCompiled(compiled: Compiled, assembly: Assembly, room: number): boolean {
  assembly.withNotes = totalBytes(compiled, assembly, true) <= room;
  if (!assembly.withNotes) {
    let bytes = totalBytes(compiled, assembly, false);
    while (bytes > room) {
      assembly.count -= 1;
      bytes -= bytesOf(compiled, assembly.order[assembly.count] as number, false);
    }
  }
  if (compiled.pointers.length === 0) return true;
  let end = assembly.answersAt;
  for (let i = 0; i < assembly.count; i += 1) end += answerBytes(compiled, assembly.order[i] as number);
  return end <= MAX_POINTER;
}

/** Write the answer section at `assembly.offset`. */
export function emitAnswers(compiled: Compiled, assembly: Assembly): void {
  const { layout, bytes, stride, groupBytes } = compiled;
  const { out, order, count } = assembly;
  let offset = assembly.offset;
  for (let i = 0; i < count; i += 1) {
    const answer = order[i] as number;
    const base = answer * groupBytes;
    const end = base + (layout[answer * stride + ADDRESSES_AT] as number);
    let from = base + (layout[answer * stride + ANSWER_AT] as number);
    while (from < end) out[offset++] = bytes[from++] as number;
  }
  assembly.offset = offset;
}

/** Where the octets of one answer went. */
interface Move {
  /** Index of its numbers in `layout`. */
  readonly at: number;
  /** Its beginning in `bytes`, as far as places are relative to that. */
  readonly base: number;
  /** Octets of `bytes` from here on were not copied. */
  readonly end: number;
  /** From a place in `bytes` to its place in the message. */
  readonly shift: number;
  /** Offset of the SRV target in the message. */
  readonly target: number;
}

/** Complete the pointers of an answer whose additional records were copied. */
function completePointers({ layout, bytes, pointers }: Compiled, out: Uint8Array, move: Move): void {
  for (
    let p = layout[move.at + POINTERS_FROM] as number;
    p < (layout[move.at + POINTERS_TO] as number);
    p += 1
  ) {
    const place = (pointers[p] as number) + move.base;
    if (place >= move.end) return;
    const value = (((bytes[place] as number) << 8) | (bytes[place + 1] as number)) + move.target;
    out[place + move.shift] = value >>> 8;
    out[place + move.shift + 1] = value;
  }
}

/** Write the additional records that belong to the answers, which begin at `assembly.answersAt`. */
export function emitExtras(compiled: Compiled, assembly: Assembly): void {
  const { layout, bytes, stride, groupBytes } = compiled;
  const { out, order, count, withNotes } = assembly;
  let answerAt = assembly.answersAt;
  for (let i = 0; i < count; i += 1) {
    const at = (order[i] as number) * stride;
    const base = (order[i] as number) * groupBytes;
    const start = base + (layout[at + ADDRESSES_AT] as number);
    const end = base + (layout[at + (withNotes ? END : NOTES_AT)] as number);
    const answerStart = base + (layout[at + ANSWER_AT] as number);
    const shift = assembly.offset - start;
    for (let from = start; from < end; from += 1) out[from + shift] = bytes[from] as number;
    assembly.offset = end + shift;
    const target = answerAt + base + (layout[at + TARGET_AT] as number) - answerStart;
    completePointers(compiled, out, { at, base, end, shift, target });
    assembly.additional +=
      (layout[at + ADDRESS_COUNT] as number) + (withNotes ? (layout[at + NOTE_COUNT] as number) : 0);
    answerAt += start - answerStart;
  }
}
