/**
 * /v1/snapshot: the whole catalog as a file, and back (http/snapshot/snapshot-archive.ts).
 */
import { restorableRow } from '../../catalog/snapshot.ts';
import { Turns } from '../../lib/fair-turns.ts';
import { AppError } from '../../model/errors.ts';
import { onAll } from '../access/permission.ts';
import { metaHeaders } from '../blocking.ts';
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
    body: await packSnapshot(view, index, { nowMs: parts.clock.now(), turns: new Turns(parts.clock) }),
  };
};

const restore: Handler = async ({ query, upload }, { writer, state, clock, nodeName, config }) => {
  try {
    if (has(query, 'stale')) throw new AppError('invalid_command', 'stale not allowed for restore');
    const rows = await unpackSnapshot(upload?.pieces() ?? [], {
      packedBytes: upload?.bytes ?? 0,
      maxLineBytes: Math.max(MAX_LINE_BYTES, 2 * config.kvMaxValueBytes),
      turns: new Turns(clock),
      take: (row) => restorableRow(state.view, row),
    });
    await writer.submit({ kind: 'restore', rows, areChecked: true, ownNode: nodeName });
    return EMPTY;
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
