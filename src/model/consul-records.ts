/**
 * The kinds of records in a snapshot of Consul: the octet before each record, and what people call what it holds.
 *
 * The numbers are Consul's (agent/structs/structs.go, MessageType); those that only occur in its log are left out. What
 * rollcall reads and writes of them is http/snapshot's business; this table is for those who only tell what is there.
 */

/** Fields of a service and of a check in a record, as the API has them too, without those of its node and its indexes. */
export const SERVICE_FIELDS = [
  'Kind',
  'ID',
  'Service',
  'Tags',
  'Address',
  'TaggedAddresses',
  'Meta',
  'Port',
  'SocketPath',
  'Weights',
  'EnableTagOverride',
] as const;
export const CHECK_FIELDS = [
  'CheckID',
  'Name',
  'Status',
  'Notes',
  'Output',
  'ServiceID',
  'Type',
  'Interval',
  'Timeout',
  'Definition',
] as const;

export const REGISTER = 0;
export const KVS = 2;
export const SESSION = 3;
export const PREPARED_QUERY = 7;
export const ACL_TOKEN = 17;
export const ACL_POLICY = 19;
export const ACL_ROLE = 23;
export const ACL_BINDING_RULE = 25;
export const ACL_AUTH_METHOD = 27;
/** State of writes that came in pieces. Rollcall lays beside it what Consul has no record for. */
export const CHUNKING = 29;

const NAMES: Readonly<Record<number, string>> = {
  [REGISTER]: 'nodes, services and checks',
  [KVS]: 'keys',
  [SESSION]: 'sessions',
  4: 'old ACL tokens',
  5: 'tombstones',
  6: 'coordinates',
  [PREPARED_QUERY]: 'prepared queries',
  9: 'autopilot settings',
  11: 'ACL bootstrap',
  12: 'intentions',
  13: 'CA roots',
  14: 'CA provider states',
  15: 'CA configurations',
  16: 'indexes',
  [ACL_TOKEN]: 'ACL tokens',
  [ACL_POLICY]: 'ACL policies',
  22: 'config entries',
  [ACL_ROLE]: 'ACL roles',
  [ACL_BINDING_RULE]: 'ACL binding rules',
  [ACL_AUTH_METHOD]: 'ACL auth methods',
  [CHUNKING]: 'pieces of writes',
  30: 'federation states',
  31: 'system metadata',
  32: 'virtual addresses',
  33: 'free virtual addresses',
  34: 'kinds of services',
  35: 'peerings',
  37: 'peering trust bundles',
  39: 'peering secrets',
  41: 'resources',
};

/** What records of a kind hold, in words. */
export const recordName = (type: number): string => NAMES[type] ?? `records of the kind ${type}`;

/** Kinds that Consul keeps for itself: without them nothing is lost that anybody wrote. */
export const BOOKKEEPING: ReadonlySet<number> = new Set([5, 16, CHUNKING, 31, 34]);
