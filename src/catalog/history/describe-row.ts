/**
 * One changed row as a note: what it was, what it is now, in the words of the API. Pure.
 *
 * Gives undefined for what is not worth a note (another output of a check, sessions, locks' delays) and for tables that
 * nobody described here. A new table is a new row in DESCRIBERS. Secrets of tokens are in no note.
 */
import { isSame } from '../../lib/same.ts';
import type { NoteContent } from '../../model/history-types.ts';
import {
  type CheckRow,
  type JsonObject,
  type KvRow,
  NODE_MAINTENANCE,
  type NodeRow,
  type QueryRow,
  SERF_HEALTH,
  SERVICE_MAINTENANCE_PREFIX,
  type ServiceRow,
  type SettingRow,
} from '../../model/types.ts';

/** Characters of an output that a note keeps. Turning it up lets fewer notes fit into the history. */
const MAX_OUTPUT = 512;
/** Octets of a value that a note keeps; of a larger one it keeps the size. */
const MAX_VALUE_BYTES = 8 * 1024;

export interface DescribeSettings {
  /** Prefixes of keys whose values are remembered; '' is all of them. */
  readonly kvPrefixes: readonly string[];
}

type Describe<Row> = (
  before: Row | undefined,
  after: Row | undefined,
  settings: DescribeSettings,
) => NoteContent | undefined;

function actionOf(before: unknown, after: unknown, words: readonly [string, string, string]): string {
  if (before === undefined) return words[0];
  return after === undefined ? words[2] : words[1];
}

const CREATED = ['created', 'changed', 'deleted'] as const;

type Fields = { readonly [name: string]: unknown };

/** Fields of a row by their names in the API. */
type Names<Row> = readonly (readonly [name: string, field: keyof Row])[];

const NODE_FIELDS: Names<NodeRow> = [
  ['ID', 'id'],
  ['Address', 'address'],
  ['TaggedAddresses', 'taggedAddresses'],
  ['Meta', 'meta'],
];

const SERVICE_FIELDS: Names<ServiceRow> = [
  ['Address', 'address'],
  ['Port', 'port'],
  ['Tags', 'tags'],
  ['Meta', 'meta'],
  ['Weights', 'weights'],
  ['Service', 'name'],
  ['Kind', 'kind'],
  ['SocketPath', 'socketPath'],
  ['EnableTagOverride', 'enableTagOverride'],
  ['TaggedAddresses', 'taggedAddresses'],
  ['Proxy', 'proxy'],
  ['Connect', 'connect'],
  ['Locality', 'locality'],
];

const CHECK_FIELDS: Names<CheckRow> = [
  ['Name', 'name'],
  ['Type', 'type'],
  ['Notes', 'notes'],
  ['Interval', 'interval'],
  ['Timeout', 'timeout'],
  ['Definition', 'definition'],
];

/** The fields that differ, on both sides; undefined when none of these does. */
function differing<Row>(
  names: Names<Row>,
  before: Row,
  after: Row,
): { readonly before: JsonObject; readonly after: JsonObject } | undefined {
  const was: Record<string, unknown> = {};
  const is: Record<string, unknown> = {};
  let differs = false;
  for (const [name, field] of names) {
    const [one, other] = [before[field], after[field]];
    if (one === other || isSame(one, other)) continue;
    [was[name], is[name], differs] = [one, other, true];
  }
  return differs ? { before: was, after: is } : undefined;
}

/** What a note says of a new instance: its address and port, and its tags and kind where it has any. */
function introduce(row: ServiceRow): JsonObject {
  return {
    Address: row.address,
    Port: row.port,
    ...(row.tags.length > 0 && { Tags: row.tags }),
    ...(row.kind !== '' && { Kind: row.kind }),
  };
}

const node: Describe<NodeRow> = (before, after) => {
  const named = { kind: 'node', node: (after ?? before)?.name ?? '' } as const;
  if (after === undefined) return { ...named, action: 'deregistered' };
  if (before === undefined) return { ...named, action: 'registered', after: { Address: after.address } };
  return { ...named, action: 'changed', ...differing(NODE_FIELDS, before, after) };
};

const service: Describe<ServiceRow> = (before, after) => {
  const { node: on, name, id } = (after ?? before) as ServiceRow;
  const named = { kind: 'service', node: on, service: name, serviceId: id } as const;
  if (after === undefined) return { ...named, action: 'deregistered' };
  if (before === undefined) return { ...named, action: 'registered', after: introduce(after) };
  return { ...named, action: 'changed', ...differing(SERVICE_FIELDS, before, after) };
};

const cut = (output: string): string => (output.length > MAX_OUTPUT ? output.slice(0, MAX_OUTPUT) : output);

/** Whether a check is a mark of maintenance. */
export const isMark = ({ id }: CheckRow): boolean =>
  id === NODE_MAINTENANCE || id.startsWith(SERVICE_MAINTENANCE_PREFIX);

function ofCheck(row: CheckRow): Pick<NoteContent, 'node' | 'service' | 'serviceId'> {
  if (row.serviceId === '') return { node: row.node };
  return { node: row.node, service: row.serviceName, serviceId: row.serviceId };
}

/** A maintenance mark that is set or taken away. */
function maintenance(before: CheckRow | undefined, after: CheckRow | undefined): NoteContent | undefined {
  if (before !== undefined && after !== undefined) return undefined;
  const row = (after ?? before) as CheckRow;
  const action = after === undefined ? 'left' : 'entered';
  return { kind: 'maintenance', action, ...ofCheck(row), output: cut(row.notes) };
}

/** The health of a node as the datacenter sees it. */
function member(before: CheckRow | undefined, after: CheckRow | undefined): NoteContent | undefined {
  if (after === undefined || before?.status === after.status) return undefined;
  const isUp = after.status !== 'critical';
  const action = !isUp ? 'failed' : before === undefined ? 'joined' : 'back';
  const was = before && { before: before.status };
  return { kind: 'member', action, node: after.node, ...was, after: after.status, output: cut(after.output) };
}

const check: Describe<CheckRow> = (before, after) => {
  const row = (after ?? before) as CheckRow;
  if (row.id === SERF_HEALTH) return member(before, after);
  if (isMark(row)) return maintenance(before, after);
  const named = { ...ofCheck(row), checkId: row.id, name: row.name };
  if (before === undefined) {
    const said = row.output === '' ? undefined : { output: cut(row.output) };
    return { kind: 'check', action: 'registered', ...named, after: row.status, ...said };
  }
  if (after === undefined) return { kind: 'check', action: 'deregistered', ...named, before: row.status };
  const { output } = after;
  if (before.status !== after.status)
    return {
      kind: 'check',
      action: after.status,
      ...named,
      before: before.status,
      after: after.status,
      output: cut(output),
    };
  const differences = differing(CHECK_FIELDS, before, after);
  return differences && { kind: 'check', action: 'changed', ...named, ...differences };
};

function kvAction(before: KvRow | undefined, after: KvRow | undefined): string {
  if (after === undefined) return 'deleted';
  const held = before?.session ?? '';
  if (held === after.session) return before === undefined ? 'created' : 'written';
  return after.session === '' ? 'unlocked' : 'locked';
}

/** As base64, as everywhere in the API. */
function kvValue({ value }: KvRow): JsonObject {
  const size = value?.size ?? 0;
  return size > MAX_VALUE_BYTES ? { Size: size } : { Value: value?.toJSON() ?? '' };
}

const kv: Describe<KvRow> = (before, after, { kvPrefixes }) => {
  const { key } = (after ?? before) as KvRow;
  const isRemembered = kvPrefixes.some((prefix) => key.startsWith(prefix));
  const isLock = after !== undefined && (before?.session ?? '') !== after.session;
  const hasValues = isRemembered && !isSame(before?.value, after?.value);
  return {
    kind: 'kv',
    action: kvAction(before, after),
    key,
    ...(hasValues && before && { before: kvValue(before) }),
    ...((hasValues || isLock) &&
      after && { after: { ...(isLock && { Session: after.session }), ...(hasValues && kvValue(after)) } }),
  };
};

const query: Describe<QueryRow> = (before, after) => {
  const row = (after ?? before) as QueryRow;
  return { kind: 'query', action: actionOf(before, after, CREATED), name: row.name || row.id };
};

/** The setting in which a new leader says who it is. */
export const LEADER_SETTING = 'leader';
/** Settings that are no decisions of people: members of the datacenter are told of by their health. */
const QUIET_SETTINGS = 'member/';

const leaderName = (row: SettingRow | undefined): string =>
  String((JSON.parse(row?.value ?? '{}') as { readonly name?: unknown }).name ?? '');

const setting: Describe<SettingRow> = (before, after) => {
  const { name } = (after ?? before) as SettingRow;
  if (name.startsWith(QUIET_SETTINGS)) return undefined;
  if (name !== LEADER_SETTING)
    return { kind: 'setting', action: actionOf(before, after, ['set', 'changed', 'removed']), name };
  const leader = leaderName(after);
  return { kind: 'leader', action: 'elected', node: leader, before: leaderName(before), after: leader };
};

/** What people call a row of access control; its secrets are not asked for. */
function describeAcl(table: string, before: Fields | undefined, after: Fields | undefined): NoteContent {
  const row = after ?? before ?? {};
  const name = String(row['name'] ?? row['accessorId'] ?? row['id'] ?? '');
  const what = table.slice('acl'.length).replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return {
    kind: 'acl',
    action: actionOf(before, after, CREATED),
    name: `${what.trim()} ${name}`,
  };
}

const DESCRIBERS: Readonly<Record<string, Describe<never>>> = {
  nodes: node,
  services: service,
  checks: check,
  kv,
  queries: query,
  settings: setting,
};

/** The note about one row of a table; undefined when there is nothing to tell. */
export function describeRow(
  table: string,
  before: object | undefined,
  after: object | undefined,
  settings: DescribeSettings,
): NoteContent | undefined {
  const describe = DESCRIBERS[table];
  if (describe !== undefined) return describe(before as never, after as never, settings);
  return table.startsWith('acl') ? describeAcl(table, before as Fields, after as Fields) : undefined;
}
