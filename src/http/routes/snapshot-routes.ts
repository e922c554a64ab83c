/**
 * /v1/snapshot: the whole catalog as a file, and back (http/snapshot/snapshot-archive.ts).
 */
import { restorableRow } from '../../catalog/snapshot.ts';
import { Turns } from '../../lib/fair-turns.ts';
import type { Logger } from '../../lib/logger.ts';
import { AppError } from '../../model/errors.ts';
import { onAll } from '../access/permission.ts';
import { metaHeaders } from '../blocking.ts';
import type { Reply } from '../call-and-reply.ts';
import { CATALOG_READ, LEADER } from '../place.ts';
import { EMPTY } from '../reply.ts';
import { has } from '../request/query-values.ts';
import type { Handler, Route } from '../route.ts';
import { packSnapshot } from '../snapshot/snapshot-archive.ts';
import { unpackSnapshot } from '../snapshot/unpack-snapshot.ts';

/** A catalog of half a million rows stays below it. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** Of one row as text. A body of 4 MiB makes the largest rows, but for values of keys, whose limit is an option. */
const MAX_LINE_BYTES = 8 * 1024 * 1024;

/** Header of the answer to a restore: kinds of records that are not kept here, with their numbers. */
const NOT_TAKEN = 'X-Rollcall-Not-Taken';

const save: Handler = async (call, parts) => {
  const { consistency } = call.readOptions;
  const { view, index } = parts.state;
  const headers = {
    ...metaHeaders(Math.max(index, 1), consistency, parts.copy),
    'Content-Type': 'application/x-gzip',
  };
  return {
    status: 200,
    headers,
    body: await packSnapshot(index, {
      view,
      datacenter: parts.datacenter,
      nowMs: parts.clock.now(),
      turns: new Turns(parts.clock),
    }),
  };
};

/** What is not taken, for whoever restores: `4 intentions, 1 CA roots`. */
function sayUntaken(untaken: ReadonlyMap<string, number>, log: Pick<Logger, 'warn'>): Reply {
  if (untaken.size === 0) return EMPTY;
  const notTaken = [...untaken].map(([what, count]) => `${count} ${what}`).join(', ');
  log.warn({ notTaken }, 'A snapshot was restored without what is not kept here');
  return { ...EMPTY, headers: { ...EMPTY.headers, [NOT_TAKEN]: notTaken } };
}

const restore: Handler = async ({ query, upload }, parts) => {
  const { writer, state, clock, nodeName, config, heapRoomBytes, log } = parts;
  try {
    if (has(query, 'stale')) throw new AppError('invalid_command', 'stale not allowed for restore');
    const { rows, untaken } = await unpackSnapshot(upload?.pieces() ?? [], {
      packedBytes: upload?.bytes ?? 0,
      maxLineBytes: Math.max(MAX_LINE_BYTES, 2 * config.kvMaxValueBytes),
      turns: new Turns(clock),
      roomBytes: heapRoomBytes(),
      take: (row) => restorableRow(state.view, row),
    });
    await writer.submit({ kind: 'restore', rows, areChecked: true, ownNode: nodeName });
    return sayUntaken(untaken, log);
  } finally {
    await upload?.close();
  }
};

export const snapshotRoutes: readonly Route[] = [
  {
    path: '/v1/snapshot',
    operations: {
      GET: {
        about: 'The catalog as a file.',
        place: CATALOG_READ,
        permission: onAll('acl', 'write'),
        handle: save,
      },
      PUT: {
        about: 'Replace the catalog by a file that was saved before.',
        place: LEADER,
        permission: onAll('acl', 'write'),
        body: 'file',
        maxBodyBytes: () => MAX_FILE_BYTES,
        handle: restore,
      },
    },
  },
];
