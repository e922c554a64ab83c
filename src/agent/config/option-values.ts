/**
 * How the text of a flag or the JSON of a file becomes the value of an option, and how two values of one merge.
 *
 * Files are strict about types (`"8500"` is no port); flags and variables are text by nature. A value that does not fit
 * is a problem: a text that says what was expected, and the caller adds where it stood.
 */
import { parseDuration } from '../../lib/duration.ts';
import { nearest } from '../../lib/nearest.ts';
import type { Kind, Kinds, OptionSpec } from './option-spec.ts';

/** What was wrong with a value; `problem` continues the sentence "<where>: <key> …". */
export class ValueProblem extends Error {}

type Reader<K extends Kind> = (value: unknown) => Kinds[K];

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function expected(what: string, value: unknown): never {
  throw new ValueProblem(`must be ${what}, not ${JSON.stringify(value)}`);
}

function readInteger(value: unknown): number {
  return Number.isSafeInteger(value) ? (value as number) : expected('a whole number', value);
}

function readText(value: unknown): string {
  return typeof value === 'string' ? value : expected('a text', value);
}

/** Milliseconds of "10s"; a bare number counts nanoseconds, as in Consul. */
function readDuration(value: unknown): number {
  if (typeof value === 'number') return value / 1e6;
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  return ms ?? expected('a duration like "10s" or "1m30s"', value);
}

function readShare(value: unknown): number {
  const isShare = typeof value === 'number' && value >= 0 && value <= 1;
  return isShare ? value : expected('a number from 0 to 1', value);
}

function readList(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  const isList = Array.isArray(value) && value.every((item) => typeof item === 'string');
  return isList ? (value as readonly string[]) : expected('a list of texts', value);
}

/** A block: an object, or the list of objects that HCL makes of repeated blocks. */
function readRecord(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value;
  if (Array.isArray(value) && value.every(isRecord)) return Object.assign({}, ...value);
  return expected(what, value);
}

function mapOf<T>(value: unknown, what: string, read: (item: unknown) => T): Readonly<Record<string, T>> {
  const entries = Object.entries(readRecord(value, what));
  return Object.fromEntries(entries.map(([key, item]) => [key, read(item)]));
}

function readObjects(value: unknown): Kinds['objects'] {
  const list = Array.isArray(value) ? value.flat() : [value];
  return list.every(isRecord) ? list : expected('an object or a list of objects', value);
}

const READERS: { readonly [K in Kind]: Reader<K> } = {
  text: readText,
  switch: (value) => (typeof value === 'boolean' ? value : expected('true or false', value)),
  integer: readInteger,
  port: readInteger,
  bytes: readInteger,
  duration: readDuration,
  addresses: (value) =>
    readText(value)
      .split(/\s+(?![^{]*}})/)
      .filter(Boolean),
  address: readText,
  share: readShare,
  list: readList,
  'text-map': (value) => mapOf(value, 'an object of texts', readText),
  'duration-map': (value) => mapOf(value, 'an object of durations', readDuration),
  objects: readObjects,
};

/** The boolean texts of Go's strconv.ParseBool. */
const SWITCH_TEXTS: Readonly<Record<string, boolean>> = {
  '1': true,
  t: true,
  true: true,
  '0': false,
  f: false,
  false: false,
};

/** The value of a text that is JSON, otherwise the text. */
function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** What JSON would have said for the text of a flag. */
function jsonOfText(kind: Kind, text: string): unknown {
  switch (kind) {
    case 'switch':
      return SWITCH_TEXTS[text.toLowerCase()] ?? text;
    case 'integer':
    case 'port':
    case 'bytes':
      return /^-?\d+$/.test(text) ? Number(text) : text;
    case 'share':
      return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
    case 'objects':
      return jsonOr(text);
    case 'text-map':
    case 'duration-map': {
      const colon = text.indexOf(':');
      return colon < 0 ? { [text]: '' } : { [text.slice(0, colon)]: text.slice(colon + 1) };
    }
    default:
      return text;
  }
}

function refuseWord(words: readonly string[], value: unknown): never {
  const text = String(value);
  const near = nearest(
    text.toLowerCase(),
    words.map((word) => word.toLowerCase()),
  );
  const meant = words.find((word) => word !== '' && word.toLowerCase() === near);
  const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
  throw new ValueProblem(
    `must be one of ${words.filter(Boolean).join(', ')}, not ${JSON.stringify(value)}${hint}`,
  );
}

function checkRow(spec: OptionSpec, value: unknown): void {
  if (
    spec.values &&
    !spec.values.includes(String(value).toUpperCase()) &&
    !spec.values.includes(String(value))
  )
    refuseWord(spec.values, value);
  if (spec.kind === 'port' && ((value as number) < -1 || (value as number) > 65_535))
    expected('a port from 0 to 65535, or -1 for off', value);
  if (spec.min !== undefined && (value as number) < spec.min) expected(`at least ${spec.min}`, value);
  if (spec.kind === 'duration' && (value as number) < 0)
    expected('a duration of at least 0s', `${value as number}ms`);
}

/** The value of an option as a file gives it. Throws ValueProblem. */
export function valueFromJson(spec: OptionSpec, json: unknown): unknown {
  const value = READERS[spec.kind](json);
  checkRow(spec, value);
  return value;
}

/** The value of an option as a flag or variable gives it. Throws ValueProblem. */
export function valueFromText(spec: OptionSpec, text: string): unknown {
  return valueFromJson(spec, jsonOfText(spec.kind, text));
}

/** Whether later sources add to earlier ones instead of replacing them. */
export function isAppended(kind: Kind): boolean {
  return kind === 'list' || kind === 'objects';
}

function isOverlaid(kind: Kind): boolean {
  return kind === 'text-map' || kind === 'duration-map';
}

/** Whether every source adds to an option of this kind, instead of replacing what others said. */
export function isGrowing(kind: Kind): boolean {
  return isAppended(kind) || isOverlaid(kind);
}

/** What an option is after another source said `value`: scalars replaced, lists appended, maps overlaid. */
export function mergeValue(kind: Kind, before: unknown, value: unknown): unknown {
  if (isAppended(kind)) return [...(before as readonly unknown[]), ...(value as readonly unknown[])];
  if (isOverlaid(kind)) return { ...(before as object), ...(value as object) };
  return value;
}
