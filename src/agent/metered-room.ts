/**
 * How much the stores of this machine have room for (catalog/room.ts), measured.
 */
import os from 'node:os';
import type { RowRoom } from '../catalog/opened-store.ts';
import { heapIsFull, Room } from '../catalog/room.ts';
import type { PutChange } from '../catalog/state.ts';
import type { View } from '../catalog/tables.ts';
import { AGENT_TABLES, type AgentKinds } from '../local/agent-tables.ts';
import type { Metrics } from '../metrics/metrics.ts';

/** However much memory there is; more has to be asked for. */
const MOST_BYTES = 1024 * 1024 * 1024;
/** Part of the memory that keys and values may have; the rest is for rows, requests, and the system. */
const SHARE = 4;

/** Memory of the container, or of the machine where there is none. */
function memoryBytes(): number {
  const machine = os.totalmem();
  const container = process.constrainedMemory();
  return container > 0 ? Math.min(container, machine) : machine;
}

interface RoomLimits {
  /** 0 is what the machine has room for. */
  readonly maxKvBytes: number;
  readonly isHeapFull: () => boolean;
  readonly metrics: Metrics;
}

/** Makes the room of the catalog, from the rows that are there already. */
export function catalogRoom({ maxKvBytes, isHeapFull, metrics }: RoomLimits): (view: View) => Room {
  const limits = { maxKvBytes: maxKvBytes || Math.min(MOST_BYTES, memoryBytes() / SHARE), isHeapFull };
  const refused = metrics.counter('catalog_no_room');
  return (view) => {
    const room = new Room({ view, ...limits, onRefused: () => refused.add(0) });
    metrics.onCollect(() => metrics.gauge('catalog_kv_bytes').set(0, room.kvBytes));
    return room;
  };
}

/** Makes the room of what the agent keeps registered, which only the heap bounds. */
export function agentRoom({ isHeapFull, metrics }: RoomLimits): () => RowRoom<AgentKinds> {
  const refused = metrics.counter('catalog_no_room');
  return () => ({
    admit: (changes, view) => {
      const isAdding = changes.some(
        (change) => change.op === 'put' && view[change.table].get(keyOf(change)) === undefined,
      );
      if (!isAdding || !isHeapFull()) return;
      refused.add(0);
      throw heapIsFull();
    },
  });
}

function keyOf({ table, row }: PutChange<AgentKinds>): string {
  return AGENT_TABLES[table].key(row as never);
}
