/**
 * Lists of documents as Replies: short ones are made at once, long ones are left to who sends them (list-writer.ts).
 */
import type { Reply } from '../call-and-reply.ts';
import { json } from '../reply.ts';
import type { LongList } from './list-writer.ts';

/** Lists of which at least this is to be expected are long, in octets. Below it one turn is enough for everything. */
const LONG_BYTES = 128 * 1024;
/** What a document is taken for when nobody says. */
const DOCUMENT_BYTES = 1_024;

interface Documents<Row> {
  /** Must not be changed afterwards. */
  readonly rows: readonly Row[];
  readonly documentOf: (row: Row) => unknown;
  /** What a filter says of a document. */
  readonly isSelected?: (document: unknown) => boolean;
  /** Octets of a row's document, for those that may be large. */
  readonly sizeOf?: (row: Row) => number;
}

/** 200 with the documents that are selected, in the order of the rows. */
export function listReply<Row>({ rows, documentOf, isSelected, sizeOf }: Documents<Row>): Reply {
  const isWanted = isSelected ?? (() => true);
  const bytes = sizeOf ? rows.reduce((sum, row) => sum + sizeOf(row), 0) : rows.length * DOCUMENT_BYTES;
  if (bytes < LONG_BYTES) return json(rows.map(documentOf).filter(isWanted));
  return {
    status: 200,
    list: {
      length: rows.length,
      at: (index) => {
        const document = documentOf(rows[index] as Row);
        return isWanted(document) ? document : undefined;
      },
      ...(sizeOf && { sizeAt: (index: number) => sizeOf(rows[index] as Row) }),
    },
  };
}

/** A reply whose list, if it is a long one, is there: for those who have to look at it as a whole. */
export function wholeReply(reply: Reply): Reply {
  const { list, ...rest } = reply;
  if (list === undefined) return reply;
  const documents = Array.from({ length: list.length }, (_, index) => list.at(index));
  return { ...rest, value: documents.filter((document) => document !== undefined) };
}

/** The other way round: a list that is there is sent as a long one. */
export function longReply(reply: Reply): Reply {
  if (!Array.isArray(reply.value)) return reply;
  const { value, ...rest } = reply;
  const documents = value as readonly unknown[];
  const list: LongList = { length: documents.length, at: (index) => documents[index] };
  return { ...rest, list };
}
