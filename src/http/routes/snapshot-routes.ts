/**
 * /v1/snapshot: the whole catalog as a file, and back (http/snapshot/snapshot-archive.ts).
 */
import { Turns } from '../../lib/fair-turns.ts';
import { AppError } from '../../model/errors.ts';
import { onAll } from '../access/permission.ts';
import { metaHeaders } from '../blocking.ts';
import { CATALOG_READ, LEADER } from '../place.ts';
import { EMPTY } from '../reply.ts';
import { has } from '../request/query-values.ts';
import type { Handler, Route } from '../route.ts';
import { packSnapshot, unpackSnapshot } from '../snapshot/snapshot-archive.ts';

/** A catalog of half a million rows stays below it. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

const save: Handler = async (call, parts) => {
  const { consistency } = call.readOptions;
  const { view, index } = parts.state;
  const headers = { ...metaHeaders(Math.max(index, 1), consistency), 'Content-Type': 'application/x-gzip' };
  return {
    status: 200,
    headers,
    body: await packSnapshot(view, index, { nowMs: parts.clock.now(), turns: new Turns(parts.clock) }),
  };
};

const restore: Handler = async (call, parts) => {
  if (has(call.query, 'stale')) throw new AppError('invalid_command', 'stale not allowed for restore');
  const rows = await unpackSnapshot(call.body, new Turns(parts.clock));
  await parts.writer.submit({ kind: 'restore', rows, ownNode: parts.nodeName });
  return EMPTY;
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
        body: 'bytes',
        maxBodyBytes: () => MAX_FILE_BYTES,
        handle: restore,
      },
    },
  },
];
