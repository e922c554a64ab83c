/**
 * A note of the history as the API shows it.
 */
import type { PlacedNote } from '../../catalog/history/select-notes.ts';
import type { Origin } from '../../model/history-types.ts';
import type { Document } from './row-documents.ts';

function originDocument({ agent, accessor, address }: Origin): Document {
  return { Agent: agent, AccessorID: accessor, Address: address };
}

/** Fields that a note has nothing to say in are left out. */
export function noteDocument({ index, place, note }: PlacedNote): Document {
  const { by } = note;
  return {
    ID: `${index}.${place}`,
    Index: index,
    Time: new Date(note.atMs).toISOString(),
    Kind: note.kind,
    Action: note.action,
    Node: note.node,
    Service: note.service,
    ServiceID: note.serviceId,
    CheckID: note.checkId,
    Name: note.name,
    Key: note.key,
    Before: note.before,
    After: note.after,
    Output: note.output,
    More: note.more,
    Why: by?.why,
    By: by?.agent === undefined ? undefined : originDocument(by),
  };
}
