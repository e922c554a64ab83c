/**
 * Writes JSON the way Consul's library does, byte for byte.
 *
 * Objects keep the order of their fields (a struct's order) and leave out `undefined`; a SortedMap is written with
 * sorted keys; `<`, `>`, `&`, U+2028 and U+2029 inside texts are escaped. Pretty is four spaces and a line end. The
 * writing itself is JSON.stringify's, which is ten times as fast as anything written here could be. Reading is json-body.ts.
 */

/** JSON.rawJSON of ECMAScript 2026, which the compiler's library does not know yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): object };

/** Digits that JavaScript's numbers cannot hold, written as they are. */
export class RawNumber {
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }

  toJSON(): object {
    return rawJSON(this.digits);
  }
}

/** Objects list keys that are numbers before all others. */
const NUMERIC = /^\d+$/;

/** A map that is written with its keys in the order of their text. Any other kind of map would be written as `{}`. */
export class SortedMap<Value> extends Map<string, Value> {
  toJSON(): object {
    const keys = [...this.keys()].sort();
    const record = Object.fromEntries(keys.map((key) => [key, this.get(key)]));
    return keys.some((key) => NUMERIC.test(key)) ? new Proxy(record, { ownKeys: () => keys }) : record;
  }
}

/** Characters that could end a script; in JSON they stand inside texts only. */
const UNSAFE = /[<>&\u2028\u2029]/g;
const escaped = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** The JSON text of a value; `undefined` at the top is null. Numbers must be finite. O(size). */
export function toJson(value: unknown, isPretty: boolean): string {
  const written = JSON.stringify(value ?? null, null, isPretty ? 4 : undefined).replace(UNSAFE, escaped);
  return isPretty ? `${written}\n` : written;
}

/** A record as a SortedMap; null stays null. */
export function sorted<Value>(record: Readonly<Record<string, Value>> | null): SortedMap<Value> | null {
  return record === null ? null : new SortedMap(Object.entries(record));
}
