/**
 * The few messages that are exchanged with etcd: each is a table of numbered fields, its TypeScript type follows from the
 * table, and protobufjs reads and writes the octets. No definitions are parsed or compiled at the start.
 *
 * Kinds: octets, text, truth values, numbers (64 bits on the wire; beyond 2^53 a bug of the sender, since they count
 * revisions, octets and seconds) and identifiers (64 random bits, so bigint). Absent is the same as the default, as
 * proto3 has it; unknown fields are skipped, so that a newer etcd may say more. Groups, maps, floats and packed lists
 * do not occur in what is spoken here. protobuf.dev/programming-guides/encoding
 */
import protobuf, { type Reader, type Writer } from 'protobufjs/minimal.js';

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
const LENGTH_DELIMITED = 2;

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

/** Protocol Buffers knows 64 bits as two halves. */
interface Halves {
  readonly low: number;
  readonly high: number;
}

const HALF = 2 ** 32;

const halvesOf = (value: bigint): Halves & { readonly unsigned: boolean } => ({
  low: Number(BigInt.asIntN(32, value)),
  high: Number(BigInt.asIntN(32, value >> 32n)),
  unsigned: true,
});

const toId = ({ low, high }: Halves): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

/** A counter; a lease that is gone has -1 seconds. */
function toNumber({ low, high }: Halves): number {
  const value = (high | 0) * HALF + (low >>> 0);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is too large for a counter`);
  return value;
}

function writeValue(
  writer: Writer,
  { number: fieldNumber, kind, wireType }: NamedField,
  value: unknown,
): void {
  writer.uint32((fieldNumber << 3) | wireType);
  if (typeof kind === 'object') writeFields(writer.fork(), kind, value as object).ldelim();
  else if (kind === 'bytes') writer.bytes(value as Buffer);
  else if (kind === 'text') writer.string(value as string);
  else if (kind === 'bool') writer.bool(value as boolean);
  else if (kind === 'number') writer.int64(value as number);
  else writer.uint64(halvesOf(value as bigint) as never);
}

function isDefault({ kind }: Field<unknown>, value: unknown): boolean {
  if (value === undefined) return true;
  if (typeof kind === 'object') return false; // an empty message says which one it is
  return kind === 'bytes' ? (value as Buffer).length === 0 : !value;
}

function writeFields(writer: Writer, { list }: Schema, draft: object): Writer {
  const values = draft as Readonly<Record<string, unknown>>;
  for (const field of list) {
    const value = values[field.name];
    if (field.isList) for (const item of (value ?? []) as unknown[]) writeValue(writer, field, item);
    else if (!isDefault(field, value)) writeValue(writer, field, value);
  }
  return writer;
}

/** The octets of a message. */
export function encode<S extends Schema>(schema: S, draft: Draft<S>): Buffer {
  const octets = writeFields(protobuf.Writer.create(), schema, draft).finish();
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length);
}

function readValue(reader: Reader, { kind }: NamedField): unknown {
  if (typeof kind === 'object') return readFields(reader, kind, reader.uint32() + reader.pos);
  if (kind === 'bytes') return reader.bytes();
  // Its own way of reading text takes one that is cut off.
  if (kind === 'text') return (reader.bytes() as Buffer).toString('utf8');
  if (kind === 'bool') return reader.bool();
  const halves = reader.int64() as Halves;
  return kind === 'number' ? toNumber(halves) : toId(halves);
}

function readFields(reader: Reader, { list, byNumber, defaults }: Schema, end: number): object {
  if (end > reader.len) throw new RangeError('a message is cut off');
  const decoded: Record<string, unknown> = { ...defaults };
  for (const { name, isList } of list) if (isList) decoded[name] = [];
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = byNumber[tag >>> 3];
    if (field === undefined || field.wireType !== (tag & 7)) reader.skipType(tag & 7);
    else if (field.isList) (decoded[field.name] as unknown[]).push(readValue(reader, field));
    else decoded[field.name] = readValue(reader, field);
  }
  if (reader.pos !== end) throw new RangeError('a field is longer than its message');
  return decoded;
}

/** The message in some octets, which it may share (fields of octets are views). Throws when they are none. */
export function decode<S extends Schema>(schema: S, octets: Buffer): Message<S> {
  return readFields(protobuf.Reader.create(octets), schema, octets.length) as Message<S>;
}
