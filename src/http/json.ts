/**
 * Writes JSON the way the reference's library does, byte for byte.
 *
 * Objects keep the order of their fields (a struct's order) and leave out `undefined`; a Map is written with sorted
 * keys; `<`, `>`, `&`, U+2028 and U+2029 inside texts are escaped. Pretty is four spaces and a line end.
 * Reading is body.ts.
 */

/** Digits that JavaScript's numbers cannot hold, written as they are. */
export class RawNumber {
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }
}

const UNSAFE = /[<>&\u2028\u2029]/;
const ALL_UNSAFE = /[<>&\u2028\u2029]/g;

function quote(text: string): string {
  const quoted = JSON.stringify(text);
  if (!UNSAFE.test(quoted)) return quoted;
  return quoted.replace(ALL_UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function entriesOf(value: object): readonly (readonly [string, unknown])[] {
  if (!(value instanceof Map)) return Object.entries(value).filter(([, field]) => field !== undefined);
  return [...(value as Map<string, unknown>)].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** `indent` is the line break and the spaces before this value; '' writes everything on one line. */
function write(value: unknown, indent: string): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
    case 'boolean':
      return String(value);
    default:
      if (value === null || value === undefined) return 'null';
      if (value instanceof RawNumber) return value.digits;
      return Array.isArray(value) ? writeList(value, indent) : writeObject(value, indent);
  }
}

const deeper = (indent: string): string => (indent === '' ? '' : `${indent}    `);

function writeList(list: readonly unknown[], indent: string): string {
  if (list.length === 0) return '[]';
  const inner = deeper(indent);
  return `[${list.map((item) => inner + write(item, inner)).join(',')}${indent}]`;
}

function writeObject(value: object, indent: string): string {
  const entries = entriesOf(value);
  if (entries.length === 0) return '{}';
  const inner = deeper(indent);
  const colon = indent === '' ? ':' : ': ';
  const fields = entries.map(([key, field]) => inner + quote(key) + colon + write(field, inner));
  return `{${fields.join(',')}${indent}}`;
}

/** The JSON text of a value; `undefined` at the top is null. Numbers must be finite. Never throws. O(size). */
export function toJson(value: unknown, isPretty: boolean): string {
  return isPretty ? `${write(value, '\n')}\n` : write(value, '');
}

/** A record as a Map, so that its keys are written sorted; null stays null. */
export function sorted<Value>(record: Readonly<Record<string, Value>> | null): Map<string, Value> | null {
  return record === null ? null : new Map(Object.entries(record));
}
