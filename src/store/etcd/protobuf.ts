/**
 * Protocol Buffers (proto3) for the few messages that are exchanged with etcd: a message is a table of numbered fields,
 * and its TypeScript type follows from the table.
 *
 * Kinds: octets, text, truth values, numbers (64 bits on the wire; beyond 2^53 a bug of the sender, since they count
 * revisions, octets and seconds) and identifiers (64 random bits, so bigint). Absent is the same as the default, as
 * proto3 has it; unknown fields are skipped, so that a newer etcd may say more. Groups, maps, floats and packed lists
 * do not occur in what is spoken here. protobuf.dev/programming-guides/encoding
 */

type Scalar = 'bytes' | 'text' | 'bool' | 'number' | 'id';

interface ScalarTypes {
  bytes: Buffer;
  text: string;
  bool: boolean;
  number: number;
  id: bigint;
}

interface Field<Value> {
  readonly number: number;
  readonly kind: Scalar | Schema;
  readonly isList: boolean;
  /** Never there at run time; carries the type. */
  readonly value?: Value;
}

type Fields = { readonly [name: string]: Field<unknown> };

interface NamedField extends Field<unknown> {
  readonly name: string;
  readonly wireType: number;
}

/** A kind of message: its fields, as they were written and as they are looked up. */
export interface Schema<F extends Fields = Fields> {
  readonly list: readonly NamedField[];
  readonly byNumber: readonly (NamedField | undefined)[];
  readonly defaults: Readonly<Record<string, unknown>>;
  /** Never there at run time; carries the types. */
  readonly fields?: F;
}

type FieldsOf<S extends Schema> = S extends Schema<infer F> ? F : never;

/** A decoded message: everything is there, messages that were not sent are undefined. */
export type Message<S extends Schema> = {
  readonly [Name in keyof FieldsOf<S>]: FieldsOf<S>[Name] extends Field<infer Value> ? Value : never;
};

/** A message to be sent: what is left out has its default. */
export type Draft<S extends Schema> = {
  readonly [Name in keyof FieldsOf<S>]?: FieldsOf<S>[Name] extends Field<infer Value>
    ? DraftValue<Value>
    : never;
};
type DraftValue<Value> = Value extends Buffer | string | boolean | number | bigint
  ? Value
  : Value extends readonly (infer Item)[]
    ? readonly DraftValue<Item>[]
    : Value extends object
      ? { readonly [Name in keyof Value]?: DraftValue<Value[Name]> }
      : Value;

const scalar =
  <Kind extends Scalar>(kind: Kind) =>
  (number: number): Field<ScalarTypes[Kind]> => ({ number, kind, isList: false });

export const bytes = scalar('bytes');
export const text = scalar('text');
export const bool = scalar('bool');
export const number = scalar('number');
export const id = scalar('id');

export function message<S extends Schema>(fieldNumber: number, schema: S): Field<Message<S> | undefined> {
  return { number: fieldNumber, kind: schema, isList: false };
}

export function messages<S extends Schema>(fieldNumber: number, schema: S): Field<readonly Message<S>[]> {
  return { number: fieldNumber, kind: schema, isList: true };
}

export function texts(fieldNumber: number): Field<readonly string[]> {
  return { number: fieldNumber, kind: 'text', isList: true };
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

const DEFAULTS: { readonly [Kind in Scalar]: unknown } = {
  bytes: Buffer.alloc(0),
  text: '',
  bool: false,
  number: 0,
  id: 0n,
};

const wireTypeOf = ({ kind }: Field<unknown>): number =>
  kind === 'bool' || kind === 'number' || kind === 'id' ? VARINT : LENGTH_DELIMITED;

/** A kind of message with these fields. */
export function schema<F extends Fields>(fields: F): Schema<F> {
  const list = Object.entries(fields).map(([name, field]) => ({
    ...field,
    name,
    wireType: wireTypeOf(field),
  }));
  const byNumber: NamedField[] = [];
  for (const field of list) byNumber[field.number] = field;
  const defaults = list.map(({ name, kind }) => [
    name,
    typeof kind === 'object' ? undefined : DEFAULTS[kind],
  ]);
  return { list, byNumber, defaults: Object.fromEntries(defaults) };
}

function pushVarint(value: number | bigint, into: Buffer[]): void {
  const octets: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 0x80n) {
    octets.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  octets.push(Number(rest));
  into.push(Buffer.from(octets));
}

function pushDelimited(fieldNumber: number, content: Buffer, into: Buffer[]): void {
  pushVarint((fieldNumber << 3) | LENGTH_DELIMITED, into);
  pushVarint(content.length, into);
  into.push(content);
}

function pushValue({ number: fieldNumber, kind }: Field<unknown>, value: unknown, into: Buffer[]): void {
  if (typeof kind === 'object') pushDelimited(fieldNumber, encode(kind, value as object), into);
  else if (kind === 'bytes') pushDelimited(fieldNumber, value as Buffer, into);
  else if (kind === 'text') pushDelimited(fieldNumber, Buffer.from(value as string, 'utf8'), into);
  else {
    pushVarint((fieldNumber << 3) | VARINT, into);
    pushVarint(kind === 'bool' ? Number(value) : (value as number | bigint), into);
  }
}

function isDefault({ kind }: Field<unknown>, value: unknown): boolean {
  if (value === undefined) return true;
  if (typeof kind === 'object') return false; // an empty message says which one it is
  return kind === 'bytes' ? (value as Buffer).length === 0 : !value;
}

/** The octets of a message. */
export function encode<S extends Schema>({ list }: S, draft: Draft<S>): Buffer {
  const into: Buffer[] = [];
  const values = draft as Readonly<Record<string, unknown>>;
  for (const field of list) {
    const value = values[field.name];
    if (field.isList) for (const item of (value ?? []) as unknown[]) pushValue(field, item, into);
    else if (!isDefault(field, value)) pushValue(field, value, into);
  }
  return Buffer.concat(into);
}

/** Where a reader stands in the octets of a message. */
class Cursor {
  readonly #octets: Buffer;
  #at = 0;

  constructor(octets: Buffer) {
    this.#octets = octets;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#octets.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const octet = this.#octets[this.#at++];
      if (octet === undefined) throw new RangeError('a number is cut off');
      value |= BigInt(octet & 0x7f) << shift;
      if (octet < 0x80) return BigInt.asUintN(64, value);
    }
    throw new RangeError('a number has more than ten octets');
  }

  /** As `varint`, without bigint for what fits into 28 bits, which are nearly all: tags, lengths, revisions. */
  smallVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const octet = this.#octets[this.#at + shift / 7];
      if (octet === undefined) throw new RangeError('a number is cut off');
      value |= (octet & 0x7f) << shift;
      if (octet < 0x80) {
        this.#at += shift / 7 + 1;
        return value;
      }
    }
    return toNumber(this.varint());
  }

  /** The next octets, not copied. */
  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#octets.length) throw new RangeError('a field is cut off');
    const taken = this.#octets.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  skip(wireType: number): void {
    if (wireType === VARINT) this.varint();
    else if (wireType === LENGTH_DELIMITED) this.take(this.smallVarint());
    else if (wireType === FIXED64) this.take(8);
    else if (wireType === FIXED32) this.take(4);
    else throw new RangeError(`wire type ${wireType} is not of proto3`);
  }
}

/** A counter; negative ones (a lease that is gone has -1 seconds) come as ten octets. */
function toNumber(value: bigint): number {
  const signed = Number(BigInt.asIntN(64, value));
  if (!Number.isSafeInteger(signed)) throw new RangeError(`${value} is too large for a counter`);
  return signed;
}

function readValue({ kind }: Field<unknown>, cursor: Cursor): unknown {
  if (kind === 'number') return cursor.smallVarint();
  if (kind === 'id') return cursor.varint();
  if (kind === 'bool') return cursor.varint() !== 0n;
  const content = cursor.take(cursor.smallVarint());
  if (typeof kind === 'object') return decode(kind, content);
  return kind === 'text' ? content.toString('utf8') : content;
}

/** The message in some octets, which it may share (fields of octets are views). Throws RangeError when they are none. */
export function decode<S extends Schema>({ list, byNumber, defaults }: S, octets: Buffer): Message<S> {
  const decoded: Record<string, unknown> = { ...defaults };
  for (const { name, isList } of list) if (isList) decoded[name] = [];
  const cursor = new Cursor(octets);
  while (!cursor.isAtEnd) {
    const tag = cursor.smallVarint();
    const field = byNumber[tag >>> 3];
    if (field === undefined || field.wireType !== (tag & 7)) cursor.skip(tag & 7);
    else if (field.isList) (decoded[field.name] as unknown[]).push(readValue(field, cursor));
    else decoded[field.name] = readValue(field, cursor);
  }
  return decoded as Message<S>;
}
