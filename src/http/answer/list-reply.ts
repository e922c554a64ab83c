/**
 * Lists and maps of documents as Replies: short ones are made at once, long ones are left to who sends them (list-writer.ts).
 */
import type { Reply } from '../call-and-reply.ts';
import { SortedMap } from '../documents/go-json.ts';
import { json } from '../reply.ts';
import { isSelective } from '../request/filter-parameter.ts';
import type { LongList } from './list-writer.ts';

/** Lists of which at least this is to be expected are long, in octets. Below it one turn is enough for everything. */
const LONG_BYTES = 128 * 1024;
/** What a document is taken for when nobody says. */
const DOCUMENT_BYTES = 1_024;
/** What a document is taken for that takes long to make, or that a filter is asked about. */
const DEAR_BYTES = 8 * DOCUMENT_BYTES;

interface Documents<Row> {
  /** Must not be changed afterwards. */
  readonly rows: readonly Row[];
  readonly documentOf: (row: Row) => unknown;
  /** What a filter says of a document. */
  readonly isSelected?: (document: unknown) => boolean;
  /** Octets of a row's document, for those that may be large. */
  readonly sizeOf?: (row: Row) => number;
  /** A document takes long to make. */
  readonly isDear?: boolean;
}

const isAnything = (): boolean => true;

function takesLong<Row>({ isSelected, isDear }: Documents<Row>): boolean {
  return isDear === true || isSelective(isSelected);
}

function isLong<Row>(documents: Documents<Row>): boolean {
  const { rows, sizeOf } = documents;
  if (sizeOf === undefined)
    return rows.length * (takesLong(documents) ? DEAR_BYTES : DOCUMENT_BYTES) >= LONG_BYTES;
  let bytes = 0;
  for (let at = 0; at < rows.length && bytes < LONG_BYTES; at += 1) bytes += sizeOf(rows[at] as Row);
  return bytes >= LONG_BYTES;
}

function longList<Row>(documents: Documents<Row>): LongList {
  const { rows, documentOf, isSelected = isAnything, sizeOf } = documents;
  return {
    length: rows.length,
    at: (index) => {
      const document = documentOf(rows[index] as Row);
      return isSelected(document) ? document : undefined;
    },
    sizeAt: sizeOf && ((index) => sizeOf(rows[index] as Row)),
    isDear: takesLong(documents),
  };
}

/** 200 with the documents that are selected, in the order of the rows. */
export function listReply<Row>(documents: Documents<Row>): Reply {
  const { rows, documentOf, isSelected = isAnything } = documents;
  if (isLong(documents)) return { status: 200, list: longList(documents) };
  return json(rows.map(documentOf).filter(isSelected));
}

/** 200 with the documents that are selected, by keys of which no two are equal. */
export function mapReply<Row>(documents: Documents<Row>, keyOf: (row: Row) => string): Reply {
  const { documentOf, isSelected = isAnything } = documents;
  const keyed = documents.rows.map((row) => [keyOf(row), row] as const);
  if (isLong(documents)) {
    keyed.sort(([a], [b]) => (a < b ? -1 : 1));
    const list = longList({ ...documents, rows: keyed.map(([, row]) => row) });
    return { status: 200, list: { ...list, keyAt: (index) => keyed[index]?.[0] ?? '' } };
  }
  const entries = keyed.map(([key, row]) => [key, documentOf(row)] as const);
  return json(new SortedMap(entries.filter(([, document]) => isSelected(document))));
}

/** The same list with those of its documents that `isShown` holds for. */
export function shownOf(list: LongList, isShown: (document: unknown, key: string) => boolean): LongList {
  const { at, keyAt, sizeAt, prepare, isDear } = list;
  return {
    get length() {
      return list.length;
    },
    at: (index) => {
      const document = at(index);
      return document !== undefined && isShown(document, keyAt?.(index) ?? '') ? document : undefined;
    },
    keyAt,
    sizeAt,
    prepare,
    isDear,
  };
}

/** A reply whose list, if it is a long one, is there: for those who have to look at it as a whole. */
export function wholeReply(reply: Reply): Reply {
  const { list, ...rest } = reply;
  if (list === undefined) return reply;
  while (list.prepare?.());
  const entries = Array.from(
    { length: list.length },
    (_, index) => [list.keyAt?.(index) ?? '', list.at(index)] as const,
  ).filter(([, document]) => document !== undefined);
  return { ...rest, value: list.keyAt ? new SortedMap(entries) : entries.map(([, document]) => document) };
}

/** The other way round: a list that is there is sent as a long one. */
export function longReply(reply: Reply): Reply {
  if (!Array.isArray(reply.value)) return reply;
  const { value, ...rest } = reply;
  const documents = value as readonly unknown[];
  const list: LongList = { length: documents.length, at: (index) => documents[index] };
  return { ...rest, list };
}
