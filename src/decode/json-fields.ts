/**
 * Loose JSON → typed fields, by a table: which names a document may have and what each value must be.
 *
 * Two styles. `api` behaves like Consul's HTTP API: names without regard to case, only the listed snake_case
 * spellings, its texts for wrong types and unknown fields. `config` is for files: snake_case, and texts that name the
 * key and what it wants. `null` counts as not given. Unknown names are refused in both.
 * To add a field: one row in the table of its document. To add a type: one Decoder here.
 */
import { parseDuration } from '../lib/duration.ts';
import { nearest } from '../lib/nearest.ts';
import { AppError } from '../model/errors.ts';

export type Style = 'api' | 'config';

/** Where in a document a value stands. */
export interface Place {
  readonly style: Style;
  /** Names from the document's root to the value, joined with dots; '' at the root. */
  readonly path: string;
}

/** JSON Schema of what a value may be. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Decoder<T> {
  (value: unknown, place: Place): T;
  /** For the description of the API; anything when absent. */
  readonly schema?: () => Schema;
}

/** A decoder that says what it takes. */
export function described<T>(
  schema: Decoder<T>['schema'],
  decode: (value: unknown, place: Place) => T,
): Decoder<T> {
  return Object.assign((value: unknown, place: Place) => decode(value, place), schema && { schema });
}

const schemaOf = (decode: Decoder<unknown>): Schema => decode.schema?.() ?? {};

/** What a document of these fields is: all of them optional, under the names of the API. */
export function fieldsSchema(table: FieldTable<object>): Schema {
  const fields = Object.values(table) as readonly Field<unknown>[];
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map(({ name, decode }) => [name, schemaOf(decode)])),
  };
}

/** Reads the given fields of a document inside another one. */
export function documentOf<Document extends object>(table: FieldTable<Document>): Decoder<Partial<Document>> {
  return described(
    () => fieldsSchema(table as FieldTable<object>),
    (value, place) => decodeFields(table, value, place),
  );
}

export interface Field<T> {
  /** PascalCase name of the API; files spell it in snake_case. */
  readonly name: string;
  readonly decode: Decoder<T>;
  /** Further spellings: those with `_` also hold for the API, all of them for files. */
  readonly aliases?: readonly string[];
}

export type FieldTable<Document> = { readonly [Key in keyof Document]-?: Field<Document[Key]> };

/** The rows of a table that a document of one kind has. */
export function pickFields<Document extends object, Key extends keyof Document>(
  table: FieldTable<Document>,
  keys: readonly Key[],
): FieldTable<Pick<Document, Key>> {
  const rows = keys.map((key) => [key, table[key]] as const);
  return Object.fromEntries(rows) as unknown as FieldTable<Pick<Document, Key>>;
}

/** The same rows without further spellings: documents that programs write know one. */
export function withoutAliases<Document extends object>(table: FieldTable<Document>): FieldTable<Document> {
  const rows = Object.entries(table) as [string, Field<unknown>][];
  return Object.fromEntries(
    rows.map(([key, { name, decode }]) => [key, { name, decode }]),
  ) as unknown as FieldTable<Document>;
}

/** The same, where what is not given has a value all the same. */
export function withDefaults<Document extends object>(
  decode: Decoder<Partial<Document>>,
  defaults: Document,
): Decoder<Document> {
  return described(
    () => schemaOf(decode),
    (value, place) => ({ ...defaults, ...decode(value, place) }),
  );
}

/** Refuse a document with a text that says where and why. */
export function refuseDocument(place: Place, apiText: string, configText: string = apiText): never {
  if (place.style === 'api') throw new AppError('bad_request', `Request decode failed: ${apiText}`);
  throw new AppError('config_invalid', place.path === '' ? configText : `${place.path}: ${configText}`);
}

/** The kind of a JSON value in Consul's words. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** Refuse a value of another type than the wanted one. */
export function wrongType(value: unknown, place: Place, wanted: { goType: string; plain: string }): never {
  const kind = kindOf(value);
  const literal = wanted.goType === 'int' && kind === 'number' ? `number ${String(value)}` : kind;
  const target = place.path === '' ? 'Go value' : `Go struct field .${place.path}`;
  const got = kind === 'string' || kind === 'number' ? `${kind} ${JSON.stringify(value)}` : kind;
  refuseDocument(
    place,
    `json: cannot unmarshal ${literal} into ${target} of type ${wanted.goType}`,
    `wants ${wanted.plain}, not ${got}`,
  );
}

export const text: Decoder<string> = described(
  () => ({ type: 'string' }),
  (value, place) =>
    typeof value === 'string' ? value : wrongType(value, place, { goType: 'string', plain: 'a text' }),
);

export const flag: Decoder<boolean> = described(
  () => ({ type: 'boolean' }),
  (value, place) =>
    typeof value === 'boolean' ? value : wrongType(value, place, { goType: 'bool', plain: 'true or false' }),
);

export const integer: Decoder<number> = described(
  () => ({ type: 'integer' }),
  (value, place) =>
    Number.isSafeInteger(value)
      ? (value as number)
      : wrongType(value, place, { goType: 'int', plain: 'a whole number' }),
);

/** A list of texts; a null in it is an empty text, as Consul reads it. */
export const texts: Decoder<readonly string[]> = described(
  () => ({ type: 'array', items: { type: 'string' } }),
  (value, place) => {
    if (!Array.isArray(value))
      return wrongType(value, place, { goType: '[]string', plain: 'a list of texts' });
    return value.map((item: unknown) => (item === null ? '' : text(item, place)));
  },
);

/** Whether a value is an object of names and values. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object whose values are all of one type. */
export function mapOf<T>(decode: Decoder<T>, goType: string): Decoder<Readonly<Record<string, T>>> {
  const schema = (): Schema => ({ type: 'object', additionalProperties: schemaOf(decode) });
  return described(schema, (value, place) => {
    if (!isObject(value)) return wrongType(value, place, { goType, plain: 'an object' });
    const entries = Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, decode(item, place)] as const);
    return Object.fromEntries(entries);
  });
}

export const textMap = mapOf(text, 'map[string]string');
/** Header fields: a list of values for each name. */
export const textsMap = mapOf(texts, 'map[string][]string');

/** A list of documents. */
export function listOf<T>(decode: Decoder<T>, goType: string): Decoder<readonly T[]> {
  const schema = (): Schema => ({ type: 'array', items: schemaOf(decode) });
  return described(schema, (value, place) => {
    if (!Array.isArray(value)) return wrongType(value, place, { goType, plain: 'a list' });
    return value.map((item: unknown, i) => decode(item, { ...place, path: itemPath(place, i) }));
  });
}

function itemPath({ style, path }: Place, i: number): string {
  return style === 'api' ? path : `${path}[${i}]`;
}

function durationFault(given: string): string {
  const quoted = JSON.stringify(given);
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)$/u.test(given)) return `time: missing unit in duration ${quoted}`;
  const unit = /^[+-]?(?:\d+\.?\d*|\.\d+)([^\d.]+)/u.exec(given)?.[1];
  if (unit !== undefined) return `time: unknown unit "${unit}" in duration ${quoted}`;
  return `time: invalid duration ${quoted}`;
}

/** As texts of Go, or nanoseconds. */
const DURATION_SCHEMA = (): Schema => ({
  anyOf: [{ type: 'string', examples: ['10s'] }, { type: 'integer' }],
});

/** 2^63 ns, about 292 years: what Consul's durations can hold. */
const MAX_DURATION_MS = 2 ** 63 / 1e6;

/** A duration in ms: a text like "10s" or a number of nanoseconds. Other values count as not given (API). */
export const duration: Decoder<number> = described(DURATION_SCHEMA, (value, place) => {
  if (typeof value === 'number' && Math.abs(value / 1e6) <= MAX_DURATION_MS) return value / 1e6;
  if (typeof value === 'string') {
    const ms = parseDuration(value);
    if (ms !== undefined && Math.abs(ms) <= MAX_DURATION_MS) return ms;
    const fault = ms === undefined ? durationFault(value) : `time: invalid duration ${JSON.stringify(value)}`;
    return refuseDocument(place, fault, `wants a duration like "10s", not ${JSON.stringify(value)}`);
  }
  if (place.style === 'config')
    return wrongType(value, place, { goType: '', plain: 'a duration like "10s"' });
  return 0;
});

const squash = (name: string): string => name.replaceAll('_', '').toLowerCase();

function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/gu, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/gu, '$1_$2')
    .toLowerCase();
}

function matches(key: string, { name, aliases = [] }: Field<unknown>, style: Style): boolean {
  if (style === 'config') return [name, ...aliases].some((known) => squash(known) === squash(key));
  const lower = key.toLowerCase();
  return name.toLowerCase() === lower || aliases.some((alias) => alias === lower);
}

function refuseUnknown(key: string, table: FieldTable<object>, place: Place): never {
  const known = (Object.values(table) as Field<unknown>[]).map(({ name }) => snakeCase(name));
  const neighbour = nearest(snakeCase(key), known);
  const hint = neighbour === undefined ? '' : `; did you mean ${JSON.stringify(neighbour)}?`;
  refuseDocument(
    place,
    `json: unknown field ${JSON.stringify(key)}`,
    `unknown key ${JSON.stringify(key)}${hint}`,
  );
}

function childPath({ style, path }: Place, { name }: Field<unknown>): string {
  const own = style === 'api' ? name : snakeCase(name);
  return path === '' ? own : `${path}.${own}`;
}

/** The fields of an object that were given. Throws AppError for a wrong type or an unknown name. */
export function decodeFields<Document extends object>(
  table: FieldTable<Document>,
  value: unknown,
  place: Place,
): Partial<Document> {
  if (!isObject(value)) return wrongType(value, place, { goType: 'struct', plain: 'an object' });
  const fields = Object.entries(table) as [keyof Document, Field<unknown>][];
  const decoded: Partial<Record<keyof Document, unknown>> = {};
  for (const [key, item] of Object.entries(value)) {
    const found = fields.find(([, field]) => matches(key, field, place.style));
    if (!found) return refuseUnknown(key, table as FieldTable<object>, place);
    const [own, field] = found;
    if (item !== null) decoded[own] = field.decode(item, { ...place, path: childPath(place, field) });
  }
  return decoded as Partial<Document>;
}
