/**
 * /v1/kv: keys, values and locks. The rules are catalog/kv.ts's; here parameters become commands.
 *
 * Keys are the rest of the path, slashes included. A key that is not there is a 404 without a body, but with an index,
 * so that a client can wait for it.
 */

import type { KvCommand } from '../../catalog/command.ts';
import { keysWithPrefix } from '../../catalog/kv.ts';
import { kvPrefixTopic, kvTopic } from '../../catalog/topics.ts';
import { AppError } from '../../model/errors.ts';
import { KvValue } from '../../model/kv-value.ts';
import type { KvRow } from '../../model/types.ts';
import { keysFilter } from '../access/answer-filters.ts';
import { type FilteringPermission, needing, onRest, restRight } from '../access/permission.ts';
import { listReply } from '../answer/list-reply.ts';
import { answerRead } from '../blocking.ts';
import type { Call, Reply } from '../call-and-reply.ts';
import { kvDocument } from '../documents/kv-document.ts';
import type { HttpParts } from '../http-parts.ts';
import { CATALOG_READ, LEADER } from '../place.ts';
import { json } from '../reply.ts';
import { first, has } from '../request/query-values.ts';
import { READ_PARAMETERS } from '../request/selectors.ts';
import { requireOneOf, uint64 } from '../request/write-parameters.ts';
import type { Handler, Route } from '../route.ts';

const NO_OCTETS = Buffer.alloc(0);
const NOT_FOUND: Reply = Object.freeze({ status: 404 });

/** A browser must not take a stored value for a page of ours. */
const RAW_HEADERS = {
  'Content-Type': 'text/plain',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': 'sandbox',
};

const keyOf = (call: Call): string => call.params['*'] ?? '';

function requireKey(call: Call): string {
  const key = keyOf(call);
  if (key === '') throw new AppError('bad_request', 'Missing key name');
  return key;
}

const documentOf = (row: KvRow) => kvDocument(row, row.value, row);

/** Octets of what a key's document is beside its value and its name. */
const DOCUMENT_BYTES = 120;
/** What a name has around it in a list. */
const NAME_BYTES = 3;
const sizeOf = ({ key, value }: KvRow): number =>
  DOCUMENT_BYTES + key.length + Math.ceil((4 * (value?.size ?? 0)) / 3);

function readKeys(call: Call, parts: HttpParts): Reply | Promise<Reply> {
  const prefix = keyOf(call);
  // scripts still send the spelling of the first versions
  const separator = first(call.query, 'separator') ?? first(call.query, 'seperator') ?? '';
  return answerRead(call, parts, {
    topics: [kvPrefixTopic(prefix)],
    reply: () => {
      const rows = keysWithPrefix(parts.state.view, prefix, separator);
      if (rows.length === 0 && prefix !== '') return NOT_FOUND;
      return listReply({ rows, documentOf: (key) => key, sizeOf: (key) => key.length + NAME_BYTES });
    },
  });
}

function readTree(call: Call, parts: HttpParts): Reply | Promise<Reply> {
  const prefix = keyOf(call);
  return answerRead(call, parts, {
    topics: [kvPrefixTopic(prefix)],
    reply: () => {
      const rows = [...parts.state.view.kv.withPrefix(prefix)];
      return rows.length === 0 ? NOT_FOUND : listReply({ rows, documentOf, sizeOf });
    },
  });
}

function raw(row: KvRow): Reply {
  return { status: 200, headers: RAW_HEADERS, body: row.value?.octets() ?? NO_OCTETS };
}

function readOne(call: Call, parts: HttpParts): Reply | Promise<Reply> {
  const key = requireKey(call);
  const isRaw = has(call.query, 'raw');
  const topics = [kvTopic(key)];
  const find = () => parts.state.view.kv.get(key);
  return answerRead(call, parts, {
    topics,
    // Clients wait with the ModifyIndex of the key, so that, and no other, is the index of a key that is there.
    index: () => find()?.modifyIndex ?? parts.indexes.of(topics),
    reply: () => {
      const row = find();
      if (row === undefined) return NOT_FOUND;
      return isRaw ? raw(row) : json([documentOf(row)]);
    },
  });
}

const read: Handler = (call, parts) => {
  if (has(call.query, 'keys')) return readKeys(call, parts);
  return has(call.query, 'recurse') ? readTree(call, parts) : readOne(call, parts);
};

/** What the parameters ask for: a plain write, or one that depends. */
function condition({ query }: Call): Pick<KvCommand, 'verb' | 'index' | 'session'> {
  const cas = first(query, 'cas');
  if (cas !== undefined) return { verb: 'cas', index: Number(uint64(cas)), session: '' };
  const acquire = first(query, 'acquire');
  if (acquire !== undefined) return { verb: 'lock', index: 0, session: acquire };
  const release = first(query, 'release');
  if (release !== undefined) return { verb: 'unlock', index: 0, session: release };
  return { verb: 'set', index: 0, session: '' };
}

const write: Handler = async (call, parts) => {
  const key = requireKey(call);
  requireOneOf(call, 'cas', 'acquire', 'release');
  const flags = uint64(first(call.query, 'flags') ?? '0');
  const value = KvValue.of(call.body);
  const { result } = await parts.writer.submit({ kind: 'kv', key, value, flags, ...condition(call) });
  return json(result);
};

const remove: Handler = async (call, parts) => {
  requireOneOf(call, 'recurse', 'cas');
  const isTree = has(call.query, 'recurse');
  const key = isTree ? keyOf(call) : requireKey(call);
  const cas = first(call.query, 'cas');
  const index = cas === undefined ? 0 : Number(uint64(cas));
  const verb = isTree ? 'delete-tree' : cas === undefined ? 'delete' : 'delete-cas';
  const nothing = { value: null, flags: '0', session: '' };
  return json((await parts.writer.submit({ kind: 'kv', verb, key, index, ...nothing })).result);
};

const isMany = ({ query }: Call): boolean => has(query, 'keys') || has(query, 'recurse');

/** One key is refused, also when it is not there; lists are filtered. */
const READ: FilteringPermission = {
  kind: 'filter',
  needs:
    'key:read on `*`; with `recurse` or `keys` filters by key:read, and needs key:list where `acl.enable_key_list_policy` is on',
  rights: (call, parts) => {
    if (!isMany(call)) return restRight('key', 'read')(call, parts);
    return parts.config.acl.hasKeyListPolicy ? restRight('key', 'list')(call, parts) : [];
  },
  filter: keysFilter,
};

/** What deletes a tree needs its right on all that may be in it, whether it is there or not. */
const REMOVE = needing('key:write on `*`; with `recurse` on all that begins with it', (call, parts) =>
  restRight('key', has(call.query, 'recurse') ? 'write-prefix' : 'write')(call, parts),
);

export const kvRoutes: readonly Route[] = [
  {
    path: '/v1/kv/*',
    operations: {
      GET: {
        about: 'A key, all keys below a prefix, or their names.',
        query: [
          ...READ_PARAMETERS,
          { name: 'recurse', about: 'All keys that begin with this one.' },
          { name: 'raw', about: 'The value alone, as it was stored.' },
          { name: 'keys', about: 'Only the names of the keys that begin with this one.' },
          { name: 'separator', about: 'With keys: cut names after this text.' },
          { name: 'seperator', about: 'The same; the spelling of the first versions of Consul.' },
        ],
        place: CATALOG_READ,
        permission: READ,
        keyedBy: 'url-and-rights',
        handle: read,
      },
      PUT: {
        about: 'Store the body under a key; true when it was done.',
        query: [
          { name: 'flags', about: 'A number to keep with the value, up to 2^64-1.' },
          { name: 'cas', about: 'Only when the key has this ModifyIndex; 0: only when it is not there.' },
          { name: 'acquire', about: 'Lock the key for this session.' },
          { name: 'release', about: 'Give up the lock of this session.' },
        ],
        place: LEADER,
        permission: onRest('key', 'write'),
        body: 'bytes',
        maxBodyBytes: ({ kvMaxValueBytes }) => kvMaxValueBytes,
        handle: write,
      },
      DELETE: {
        about: 'Remove a key, or all that begin with it; true when it was done.',
        query: [
          { name: 'recurse', about: 'All keys that begin with this one.' },
          { name: 'cas', about: 'Only when the key has this ModifyIndex.' },
        ],
        place: LEADER,
        permission: REMOVE,
        handle: remove,
      },
    },
  },
];
