/**
 * Domain names: between text and the form on the wire.
 *
 *     web.consul  <->  03 'w' 'e' 'b'  06 'c' 'o' 'n' 's' 'u' 'l'  00        (RFC 1035 §3.1)
 *
 * A `WireName` is always complete: no pointer, ends in the root label, at most 255 octets. Case is kept as it came
 * (RFC 4343, and 0x20 of resolvers); `foldedLabels` and `isSameName` are where case stops to matter. Text becomes UTF-8;
 * what master files escape (RFC 1035 §5.1) and octets outside ASCII come back escaped. Nothing here throws.
 */
import { MAX_LABEL_BYTES, MAX_NAME_BYTES } from './constants.ts';

/** An uncompressed name on the wire. */
export type WireName = Uint8Array;

export const ROOT_NAME: WireName = Uint8Array.of(0);

/** Pointers in a row; each must go back, so a longer chain is nothing but an attempt to cost time. */
const MAX_HOPS = 128;

/** Lower case of an octet, ASCII only (RFC 4343 §3). */
export function foldByte(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

/** Where the next plain label starts, following pointers from `at`; -1 when they leave the message or go forward. */
function followPointers(bytes: Uint8Array, at: number): number {
  let from = at;
  for (let hops = 0; hops < MAX_HOPS; hops += 1) {
    const high = bytes[from];
    if (high === undefined || (high & 0xc0) !== 0xc0) return from;
    const low = bytes[from + 1];
    const target = ((high & 0x3f) << 8) | (low ?? 0);
    if (low === undefined || target >= from) return -1;
    from = target;
  }
  return -1;
}

/**
 * Expand the name at `offset`; undefined when it leaves the message, is longer than 255 octets, uses a label type other
 * than 00 and 11 (RFC 6891 §5), or points forward or to itself. `end` is the offset after the name where it stands.
 */
export function expandName(bytes: Uint8Array, offset: number): { name: WireName; end: number } | undefined {
  const out = new Uint8Array(MAX_NAME_BYTES);
  let length = 0;
  let at = offset;
  let end = -1;
  for (;;) {
    const from = followPointers(bytes, at);
    if (end < 0 && from !== at) end = at + 2;
    const size = bytes[from];
    if (from < 0 || size === undefined || size > MAX_LABEL_BYTES) return undefined;
    at = from + size + 1;
    if (length + size + 1 > MAX_NAME_BYTES || at > bytes.length) return undefined;
    out.set(bytes.subarray(from, at), length);
    length += size + 1;
    if (size === 0) return { name: out.slice(0, length), end: end < 0 ? at : end };
  }
}

/**
 * Offset after the uncompressed name at `offset`, or -1 when it leaves the message, is too long, or holds a pointer
 * (a question cannot point back at anything but the header).
 */
export function skipPlainName(bytes: Uint8Array, offset: number): number {
  let at = offset;
  for (;;) {
    const size = bytes[at];
    if (size === undefined || size > MAX_LABEL_BYTES) return -1;
    at += size + 1;
    if (at - offset > MAX_NAME_BYTES || at > bytes.length) return -1;
    if (size === 0) return at;
  }
}

const encoder = new TextEncoder();

/** The octets of one label of text, escapes undone; undefined when an escape is broken. */
function labelBytes(text: string): number[] | undefined {
  const out: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] !== '\\') {
      const point = text.codePointAt(at) as number;
      if (point > 0xffff) at += 1;
      out.push(...encoder.encode(String.fromCodePoint(point)));
      continue;
    }
    const digits = /^\d{3}/.exec(text.slice(at + 1, at + 4))?.[0];
    const code = digits === undefined ? text.charCodeAt(at + 1) : Number(digits);
    if (!(code <= 0xff)) return undefined;
    out.push(code);
    at += digits === undefined ? 1 : 3;
  }
  return out;
}

/** Labels of a name in text, still escaped, leftmost first; [] for the root. One trailing dot does not matter. */
function splitText(text: string): string[] {
  const labels: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '\\') at += 1;
    else if (char === '.') {
      labels.push(text.slice(start, at));
      start = at + 1;
    }
  }
  if (start < text.length) labels.push(text.slice(start));
  return text === '.' ? [] : labels;
}

/** The wire form of a name given as text; undefined when a label is empty, over 63 octets, or the whole over 255. */
export function nameFromText(text: string): WireName | undefined {
  const out: number[] = [];
  for (const label of splitText(text)) {
    const octets = labelBytes(label);
    if (octets === undefined || octets.length === 0 || octets.length > MAX_LABEL_BYTES) return undefined;
    out.push(octets.length, ...octets);
  }
  out.push(0);
  return out.length <= MAX_NAME_BYTES ? Uint8Array.from(out) : undefined;
}

/** One octet of a label as text, escaped where RFC 1035 §5.1 wants it. */
function octetText(octet: number): string {
  if (octet === 0x2e || octet === 0x5c) return `\\${String.fromCharCode(octet)}`;
  if (octet < 0x21 || octet > 0x7e) return `\\${String(octet).padStart(3, '0')}`;
  return String.fromCharCode(octet);
}

/** Text of a name with a trailing dot; "." for the root. */
export function nameToText(name: WireName): string {
  let text = '';
  for (let at = 0; ; ) {
    const size = name[at] ?? 0;
    if (size === 0) return text === '' ? '.' : text;
    for (let i = at + 1; i <= at + size; i += 1) text += octetText(name[i] as number);
    text += '.';
    at += size + 1;
  }
}

/** What has a meaning of its own in master files. */
const SPECIAL = new Set('.\\"\'();@ ');

/** Each octet as text in lower case, escaped where it would be taken for something else. */
const FOLDED_TEXT: readonly string[] = Array.from({ length: 256 }, (_, octet) => {
  const text = String.fromCharCode(foldByte(octet));
  if (SPECIAL.has(text)) return `\\${text}`;
  return octet < 0x21 || octet > 0x7e ? `\\${String(octet).padStart(3, '0')}` : text;
});

/**
 * Labels of a name, in lower case, leftmost first. Dots and everything else that is unusual in a name come escaped: joining
 * labels cannot make two different names equal, and rows whose names have a blank or such in them have no name in DNS.
 */
export function foldedLabels(name: WireName): string[] {
  const labels: string[] = [];
  for (let at = 0; ; ) {
    const size = name[at] ?? 0;
    if (size === 0) return labels;
    let label = '';
    for (let i = at + 1; i <= at + size; i += 1) label += FOLDED_TEXT[name[i] as number] as string;
    labels.push(label);
    at += size + 1;
  }
}

/** Whether two names are equal without regard to case (RFC 4343). */
export function isSameName(a: WireName, b: WireName): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1)
    if (foldByte(a[i] as number) !== foldByte(b[i] as number)) return false;
  return true;
}

/** Whether `name` ends in exactly the octets of `suffix`, at a label boundary; gives the offset there, else -1. */
export function suffixOffset(name: WireName, suffix: WireName): number {
  const start = name.length - suffix.length;
  if (start < 0) return -1;
  for (let i = 0; i < suffix.length; i += 1) if (name[start + i] !== suffix[i]) return -1;
  let at = 0;
  while (at < start) at += (name[at] as number) + 1;
  return at === start ? start : -1;
}

/** `labels` (text, escapes allowed) in front of `parent`; undefined when the result is no valid name. */
export function childName(labels: string, parent: WireName): WireName | undefined {
  const front = nameFromText(labels);
  if (front === undefined || front.length - 1 + parent.length > MAX_NAME_BYTES) return undefined;
  const out = new Uint8Array(front.length - 1 + parent.length);
  out.set(front.subarray(0, front.length - 1));
  out.set(parent, front.length - 1);
  return out;
}
