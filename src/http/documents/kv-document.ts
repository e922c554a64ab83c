/**
 * A key as the API shows it, in reads of /v1/kv and in results of transactions.
 */
import type { KvValue } from '../../model/kv-value.ts';
import type { KvRow, Stamp } from '../../model/types.ts';
import { RawNumber } from './go-json.ts';
import type { Document } from './row-documents.ts';

/** `value` is null or becomes base64; it is left out of results that do not read. */
export function kvDocument(row: KvRow, value: KvValue | null, stamp: Stamp): Document {
  return {
    LockIndex: row.lockIndex,
    Key: row.key,
    Flags: new RawNumber(row.flags),
    Value: value,
    Session: row.session === '' ? undefined : row.session,
    CreateIndex: stamp.createIndex,
    ModifyIndex: stamp.modifyIndex,
  };
}
