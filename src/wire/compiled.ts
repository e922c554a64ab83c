/**
 * Answers rendered once and sent many times: the records of a question as octets, ready to be put in any order.
 *
 *     bytes   | answer 0 | addresses 0 | notes 0 | answer 1 | addresses 1 | notes 1 | …
 *
 * Owners that are the question point at offset 12, where every question stands. Owners that repeat the target of their own
 * SRV record point at it; such a pointer holds an offset inside the target and is completed when the place of the target
 * is known. Nothing else refers to a place, so records move freely. `compile` refuses what needs more (CNAME chains,
 * owners of another name): those replies are written record by record in fit.ts, which is slower and means the same
 * (a property test compares the two). To render another type here, add it to `isPlain`.
 */
import { CLASS, MAX_POINTER, TYPE } from './constants.ts';
import type { ResourceRecord } from './message.ts';
import type { WireName } from './name.ts';
import { type Rdata, typeOf, writeRdata } from './rdata.ts';
import type { AnswerGroup } from './reply.ts';
import { Writer } from './writer.ts';

/** Numbers for each answer in `Compiled.layout`. */
const ANSWER_AT = 0;
const ADDRESSES_AT = 1;
const NOTES_AT = 2;
const END = 3;
/** Where the SRV target stands in `bytes`; 0 when the answer has none. */
const TARGET_AT = 4;
const ADDRESS_COUNT = 5;
const NOTE_COUNT = 6;
/** Range of this answer in `pointers`. */
const POINTERS_FROM = 7;
const POINTERS_TO = 8;
const STRIDE = 9;

export interface Compiled {
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly layout: Int32Array;
  /** Places in `bytes` of pointers that are relative to the target of their answer. */
  readonly pointers: Int32Array;
}

const POINTER_TO_QUESTION = 0xc00c;

function isPlain(type: number): boolean {
  return type === TYPE.A || type === TYPE.AAAA || type === TYPE.SRV || type === TYPE.TXT;
}

function isMovable({ data }: ResourceRecord): boolean {
  return isPlain(typeOf(data)) && data.type !== TYPE.SRV;
}

function isCompilable({ answer, addresses, notes }: AnswerGroup): boolean {
  if (answer.owner !== null || !isPlain(typeOf(answer.data))) return false;
  return addresses.every(isMovable) && notes.every(isMovable);
}

/** Offset in `target` at which its octets equal those of `name` from `at` on; -1 when they do nowhere. */
function sharedSuffix(name: WireName, at: number, target: WireName): number {
  const start = target.length - (name.length - at);
  if (start < 0) return -1;
  for (let i = at; i < name.length; i += 1) if (name[i] !== target[start + i - at]) return -1;
  // Octets may match in the middle of a label, where nothing can point.
  let label = 0;
  while (label < start) label += (target[label] as number) + 1;
  return label === start ? start : -1;
}

/** Write an owner, as a pointer relative to `target` as far as possible; gives the place of that pointer or -1. */
function writeOwner(writer: Writer, owner: WireName | null, target: WireName | undefined): number {
  if (owner === null) {
    writer.u16(POINTER_TO_QUESTION);
    return -1;
  }
  let at = 0;
  while (owner[at] !== 0) {
    const shared = target ? sharedSuffix(owner, at, target) : -1;
    if (shared >= 0) {
      writer.u16(0xc000 | shared);
      return writer.offset - 2;
    }
    const end = at + (owner[at] as number) + 1;
    writer.bytes(owner.subarray(at, end));
    at = end;
  }
  writer.u8(0);
  return -1;
}

function writeBody(writer: Writer, record: ResourceRecord): void {
  writer.u16(typeOf(record.data));
  writer.u16(CLASS.IN);
  writer.u32(record.ttlSeconds);
  const lengthAt = writer.offset;
  writer.u16(0);
  writeRdata(writer, record.data);
  writer.patchU16(lengthAt, writer.offset - lengthAt - 2);
}

interface Rendering {
  readonly writer: Writer;
  readonly layout: Int32Array;
  readonly pointers: number[];
}

function renderExtras(rendering: Rendering, extras: readonly ResourceRecord[], target?: WireName): void {
  for (const extra of extras) {
    const pointer = writeOwner(rendering.writer, extra.owner, target);
    if (pointer >= 0) rendering.pointers.push(pointer);
    writeBody(rendering.writer, extra);
  }
}

function renderGroup(rendering: Rendering, group: AnswerGroup, at: number): void {
  const { writer, layout, pointers } = rendering;
  const target = group.answer.data.type === TYPE.SRV ? group.answer.data.target : undefined;
  layout[at + POINTERS_FROM] = pointers.length;
  layout[at + ANSWER_AT] = writer.offset;
  writeOwner(writer, null, undefined);
  writeBody(writer, group.answer);
  layout[at + TARGET_AT] = target ? writer.offset - target.length : 0;
  layout[at + ADDRESSES_AT] = writer.offset;
  renderExtras(rendering, group.addresses, target);
  layout[at + NOTES_AT] = writer.offset;
  renderExtras(rendering, group.notes, target);
  layout[at + END] = writer.offset;
  layout[at + ADDRESS_COUNT] = group.addresses.length;
  layout[at + NOTE_COUNT] = group.notes.length;
  layout[at + POINTERS_TO] = pointers.length;
}

/** Octets of type, class, TTL and length. RFC 1035 §3.2.1. */
const FIXED_BYTES = 10;

function dataBytes(data: Rdata): number {
  if (data.type === TYPE.SRV) return 6 + data.target.length;
  if (data.type === TYPE.TXT) return data.strings.reduce((sum, string) => sum + 1 + string.length, 0);
  return 16;
}

function recordBytes({ owner, data }: ResourceRecord): number {
  return (owner?.length ?? 2) + FIXED_BYTES + dataBytes(data);
}

/** Octets that hold the rendering of these groups in any case. */
function roomFor(groups: readonly AnswerGroup[]): number {
  let total = 0;
  for (const { answer, addresses, notes } of groups) {
    total += recordBytes(answer);
    for (const each of addresses) total += recordBytes(each);
    for (const each of notes) total += recordBytes(each);
  }
  return total;
}

/** Render answer groups; undefined when one of them cannot be moved around. O(groups). */
export function compile(groups: readonly AnswerGroup[]): Compiled | undefined {
  if (!groups.every(isCompilable)) return undefined;
  const scratch = new Uint8Array(roomFor(groups));
  const writer = new Writer(scratch, scratch.length, false);
  const rendering = { writer, layout: new Int32Array(groups.length * STRIDE), pointers: [] as number[] };
  for (const [i, group] of groups.entries()) renderGroup(rendering, group, i * STRIDE);
  return {
    count: groups.length,
    bytes: scratch.slice(0, writer.offset),
    layout: rendering.layout,
    pointers: Int32Array.from(rendering.pointers),
  };
}

/** A message being put together. One object serves all queries of a thread: the hot path allocates nothing. */
export interface Assembly {
  out: Uint8Array;
  /** Where the next octet goes. */
  offset: number;
  /** Offset after the name of the question. */
  nameEnd: number;
  answersAt: number;
  /** Which answers in which order; the first `count` are sent. */
  order: Int32Array;
  count: number;
  withNotes: boolean;
  /** Records written to the additional section. */
  additional: number;
}

function answerBytes(layout: Int32Array, i: number): number {
  return (layout[i * STRIDE + ADDRESSES_AT] as number) - (layout[i * STRIDE + ANSWER_AT] as number);
}

function bytesOf(layout: Int32Array, i: number, withNotes: boolean): number {
  const end = layout[i * STRIDE + (withNotes ? END : NOTES_AT)] as number;
  return end - (layout[i * STRIDE + ANSWER_AT] as number);
}

function totalBytes(compiled: Compiled, assembly: Assembly, withNotes: boolean): number {
  let total = 0;
  for (let i = 0; i < assembly.count; i += 1)
    total += bytesOf(compiled.layout, assembly.order[i] as number, withNotes);
  return total;
}

/**
 * Lower `assembly.count` and `assembly.withNotes` until the answers in order fit in `room` octets, by the rule of
 * fit.ts: notes go first, then answers from the end. False when a pointer could not reach (past 16 KB); the caller then
 * writes record by record.
 */
export function fitCompiled(compiled: Compiled, assembly: Assembly, room: number): boolean {
  const { layout } = compiled;
  assembly.withNotes = totalBytes(compiled, assembly, true) <= room;
  if (!assembly.withNotes) {
    let bytes = totalBytes(compiled, assembly, false);
    while (bytes > room) {
      assembly.count -= 1;
      bytes -= bytesOf(layout, assembly.order[assembly.count] as number, false);
    }
  }
  if (compiled.pointers.length === 0) return true;
  let end = assembly.answersAt;
  for (let i = 0; i < assembly.count; i += 1) end += answerBytes(layout, assembly.order[i] as number);
  return end <= MAX_POINTER;
}

/** Write the answer section at `assembly.offset`. */
export function emitAnswers(compiled: Compiled, assembly: Assembly): void {
  const { layout, bytes } = compiled;
  const { out, order, count } = assembly;
  let offset = assembly.offset;
  for (let i = 0; i < count; i += 1) {
    const at = (order[i] as number) * STRIDE;
    const end = layout[at + ADDRESSES_AT] as number;
    for (let from = layout[at + ANSWER_AT] as number; from < end; from += 1)
      out[offset++] = bytes[from] as number;
  }
  assembly.offset = offset;
}

/** Complete the pointers of the answer at `at` in `layout`; `shift` is how far its octets moved. */
function completePointers(compiled: Compiled, out: Uint8Array, at: number, move: Move): void {
  const { layout, bytes, pointers } = compiled;
  for (let p = layout[at + POINTERS_FROM] as number; p < (layout[at + POINTERS_TO] as number); p += 1) {
    const place = pointers[p] as number;
    if (place >= move.end) return;
    const value = (((bytes[place] as number) << 8) | (bytes[place + 1] as number)) + move.target;
    out[place + move.shift] = value >>> 8;
    out[place + move.shift + 1] = value;
  }
}

interface Move {
  /** Octets of `bytes` from here on were not copied. */
  readonly end: number;
  /** From a place in `bytes` to its place in the message. */
  readonly shift: number;
  /** Offset of the SRV target in the message. */
  readonly target: number;
}

/** Write the additional records that belong to the answers, which begin at `assembly.answersAt`. */
export function emitExtras(compiled: Compiled, assembly: Assembly): void {
  const { layout, bytes } = compiled;
  const { out, order, count, withNotes } = assembly;
  let answerAt = assembly.answersAt;
  for (let i = 0; i < count; i += 1) {
    const at = (order[i] as number) * STRIDE;
    const start = layout[at + ADDRESSES_AT] as number;
    const end = layout[at + (withNotes ? END : NOTES_AT)] as number;
    const answerStart = layout[at + ANSWER_AT] as number;
    const shift = assembly.offset - start;
    for (let from = start; from < end; from += 1) out[from + shift] = bytes[from] as number;
    assembly.offset = end + shift;
    const target = answerAt + (layout[at + TARGET_AT] as number) - answerStart;
    completePointers(compiled, out, at, { end, shift, target });
    assembly.additional +=
      (layout[at + ADDRESS_COUNT] as number) + (withNotes ? (layout[at + NOTE_COUNT] as number) : 0);
    answerAt += start - answerStart;
  }
}
