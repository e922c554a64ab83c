/**
 * Whether there is room for more: octets of keys and values together, and what is left of the heap.
 *
 * Both are looked at before a write is stored, because what is stored must be in memory again after the next start. Only
 * writes that make the catalog larger are refused; whatever changes or removes a row goes on, so that room can be made.
 */
import { AppError } from '../model/errors.ts';
import type { KvRow } from '../model/types.ts';
import type { Change } from './state.ts';
import { TABLES, type View } from './tables.ts';

export interface RoomParts {
  readonly view: View;
  /** Octets of all keys and values together. */
  readonly maxKvBytes: number;
  /** Whether what is alive in the heap leaves too little for work. */
  readonly isHeapFull: () => boolean;
  /** Told of every refusal. */
  readonly onRefused?: () => void;
}

function sizeOf(row: KvRow | undefined): number {
  return row === undefined ? 0 : Buffer.byteLength(row.key) + (row.value?.size ?? 0);
}

/** Whether a row is put where none was. Delays of locks come and go with what is there anyway. */
function isNew(change: Change, view: View): boolean {
  if (change.op === 'remove' || change.table === 'lockDelays') return false;
  return view[change.table].get(TABLES[change.table].key(change.row as never)) === undefined;
}

/** What somebody is told who would add a row to a full heap. */
export function heapIsFull(): AppError {
  return new AppError(
    'no_room',
    'memory is nearly used up: nothing more is taken until something is removed',
  );
}

export class Room {
  readonly #parts: RoomParts;
  #kvBytes = 0;

  constructor(parts: RoomParts) {
    this.#parts = parts;
    for (const row of parts.view.kv.values()) this.#kvBytes += sizeOf(row);
  }

  /** Octets of keys and values that are installed. */
  get kvBytes(): number {
    return this.#kvBytes;
  }

  /** Follow what is installed. */
  onInstalled(
    applied: readonly { readonly table: string; readonly before: unknown; readonly after: unknown }[],
  ): void {
    for (const { table, before, after } of applied)
      if (table === 'kv')
        this.#kvBytes += sizeOf(after as KvRow | undefined) - sizeOf(before as KvRow | undefined);
  }

  /** Refuse changes that there is no room for; `view` is what they are made for. Throws no_room. */
  admit(changes: readonly Change[], view: View): void {
    const { maxKvBytes, isHeapFull } = this.#parts;
    const growth = kvGrowth(changes, view);
    const bytes = this.#kvBytes + growth;
    if (growth > 0 && bytes > maxKvBytes) this.#refuse(kvIsFull(bytes, maxKvBytes));
    const isAdding = growth > 0 || changes.some((change) => isNew(change, view));
    if (isAdding && isHeapFull()) this.#refuse(heapIsFull());
  }

  #refuse(refusal: AppError): never {
    this.#parts.onRefused?.();
    throw refusal;
  }
}

function kvIsFull(bytes: number, maxBytes: number): AppError {
  const text = `keys and values would take ${bytes} octets, limits.kv_max_total_size is ${maxBytes}`;
  return new AppError('no_room', text);
}

/** How many octets of keys and values there would be more; a key that is written twice counts once. */
function kvGrowth(changes: readonly Change[], view: View): number {
  const after = new Map<string, KvRow | undefined>();
  for (const change of changes) {
    if (change.table !== 'kv') continue;
    if (change.op === 'remove') after.set(change.key, undefined);
    else after.set(change.row.key, change.row);
  }
  let growth = 0;
  for (const [key, row] of after) growth += sizeOf(row) - sizeOf(view.kv.get(key));
  return growth;
}
