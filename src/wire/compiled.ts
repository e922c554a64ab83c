/**
 * Answers rendered once and sent many times: the records of a question as octets, ready to be put in any order.
 *
 *     bytes   | answer 0 | addresses 0 | notes 0 | answer 1 | addresses 1 | notes 1 | …
 *
 * Owners that are the question point at offset 12, where every question stands. Owners that repeat the target of their own
 * SRV record point at it; such a pointer holds an offset inside the target and is completed when the place of the target
 * is known (emit.ts). Nothing else refers to a place, so records move freely. `compile` refuses what needs more (CNAME chains,
 * owners of another name): those replies are written record by record in fit.ts, which is slower and means the same
 * (a property test compares the two). To render another type here, add it to `isPlain`.
 */
import { CLASS, TYPE } from './constants.ts';
import type { ResourceRecord } from './message.ts';
import type { AnswerGroup } from './message-reply.ts';
import type { WireName } from './name.ts';
import { Writer } from './octet-writer.ts';
import { type Rdata, typeOf, writeRdata } from './rdata.ts';

/** Numbers for each answer in `Compiled.layout`. */
export const ANSWER_AT = 0;
export const ADDRESSES_AT = 1;
export const NOTES_AT = 2;
export const END = 3;
/** Where the SRV target stands in `bytes`; 0 when the answer has none. */
export const TARGET_AT = 4;
export const ADDRESS_COUNT = 5;
export const NOTE_COUNT = 6;
/** Range of this answer in `pointers`. */
export const POINTERS_FROM = 7;
export const POINTERS_TO = 8;
const STRIDE = 9;

/** Those of them that are places in `bytes`. */
const PLACES = [ANSWER_AT, ADDRESSES_AT, NOTES_AT, END] as const;

/**
 * Answer i begins at `i * groupBytes` and its numbers in `layout` at `i * stride`. When all answers have the same form,
 * one set of numbers serves all (stride 0): with many services in use, memory that is not read is what makes speed.
 */
export interface Compiled {
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly layout: Int32Array;
  readonly stride: number;
  readonly groupBytes: number;
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

const NO_POINTERS = new Int32Array(0);

function addressLayout(bytes: number): Int32Array {
  const layout = new Int32Array(STRIDE);
  layout[ADDRESSES_AT] = layout[NOTES_AT] = layout[END] = bytes;
  return layout;
}

/** Of A and AAAA records alone, by their octets. Most answers have one of these, which need not be read again for each. */
const ADDRESS_LAYOUTS: Readonly<Record<number, Int32Array>> = {
  16: addressLayout(16),
  28: addressLayout(28),
};

/** Numbers that serve every answer of one form. */
function sharedLayout(layout: Int32Array): Int32Array {
  const own = layout.slice(0, STRIDE);
  const shared = ADDRESS_LAYOUTS[own[END] as number];
  return shared?.every((value, i) => value === own[i]) ? shared : own;
}

function pointersOf(places: readonly number[]): Int32Array {
  return places.length === 0 ? NO_POINTERS : Int32Array.from(places);
}

/** Whether answer `i` has the same form as answer 0, so many octets further on. */
function isLikeFirst({ layout, pointers }: Rendering, i: number, groupBytes: number): boolean {
  const [at, shift] = [i * STRIDE, i * groupBytes];
  if (PLACES.some((place) => layout[at + place] !== (layout[place] as number) + shift)) return false;
  const hasTarget = layout[TARGET_AT] !== 0;
  if (layout[at + TARGET_AT] !== (hasTarget ? (layout[TARGET_AT] as number) + shift : 0)) return false;
  if (layout[at + ADDRESS_COUNT] !== layout[ADDRESS_COUNT] || layout[at + NOTE_COUNT] !== layout[NOTE_COUNT])
    return false;
  const perGroup = layout[POINTERS_TO] as number;
  if (layout[at + POINTERS_FROM] !== i * perGroup || layout[at + POINTERS_TO] !== (i + 1) * perGroup)
    return false;
  for (let p = 0; p < perGroup; p += 1)
    if (pointers[i * perGroup + p] !== (pointers[p] as number) + shift) return false;
  return true;
}

function areAlike(rendering: Rendering, count: number, groupBytes: number): boolean {
  for (let i = 1; i < count; i += 1) if (!isLikeFirst(rendering, i, groupBytes)) return false;
  return count > 0;
}

/** Render answer groups; undefined when one of them cannot be moved around. O(groups). */
export function compile(groups: readonly AnswerGroup[]): Compiled | undefined {
  if (!groups.every(isCompilable)) return undefined;
  const count = groups.length;
  const scratch = new Uint8Array(roomFor(groups));
  const writer = new Writer(scratch, scratch.length, false);
  const rendering: Rendering = { writer, layout: new Int32Array(count * STRIDE), pointers: [] };
  for (const [i, group] of groups.entries()) renderGroup(rendering, group, i * STRIDE);
  const { layout, pointers } = rendering;
  const bytes = scratch.slice(0, writer.offset);
  const groupBytes = layout[END] ?? 0;
  if (!areAlike(rendering, count, groupBytes)) {
    return { count, bytes, layout, stride: STRIDE, groupBytes: 0, pointers: pointersOf(pointers) };
  }
  const ofOne = pointers.slice(0, layout[POINTERS_TO]);
  return {
    count,
    bytes,
    layout: sharedLayout(layout),
    stride: 0,
    groupBytes,
    pointers: pointersOf(ofOne),
  };
}
