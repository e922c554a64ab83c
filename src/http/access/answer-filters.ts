/**
 * What of an answer is left for who may not see all of it, by the shape of the answer.
 *
 * A filter never tells that it took something out: a list gets shorter, what is alone becomes what an unknown name is
 * answered with. An instance shows when its service and its node may be read, a check of a service likewise, a check of a
 * node when the node may be. Only called where not everything is allowed; a new shape of answers is a new filter here.
 */

import type { Resource } from '../../acl/resources.ts';
import { isUuid } from '../../catalog/session-lookup.ts';
import { shownOf } from '../answer/list-reply.ts';
import type { Reply } from '../call-and-reply.ts';
import { SortedMap } from '../documents/go-json.ts';
import type { Document } from '../documents/row-documents.ts';
import { first } from '../request/query-values.ts';
import type { AnswerFilter, Asker } from './permission.ts';
import type { Right } from './right.ts';

type RightsOfEntry = (entry: Document) => readonly Right[];

const read = (resource: Resource, name: unknown): Right => ({
  resource,
  level: 'read',
  name: String(name ?? ''),
});

const field = (document: unknown, name: string): unknown => (document as Document | undefined)?.[name];

const nodeOf: RightsOfEntry = (entry) => [read('node', entry['Node'])];
const instanceOf: RightsOfEntry = (entry) => [read('service', entry['ServiceName']), ...nodeOf(entry)];
const entryOf: RightsOfEntry = ({ Node, Service }) => [
  read('service', field(Service, 'Service')),
  read('node', field(Node, 'Node')),
];
const checkOf: RightsOfEntry = (entry) => (entry['ServiceName'] === '' ? nodeOf(entry) : instanceOf(entry));
const ownCheckOf: RightsOfEntry = (entry) =>
  entry['ServiceName'] === '' ? nodeOf(entry) : [read('service', entry['ServiceName'])];
const namedOf =
  (resource: Resource, name: string): RightsOfEntry =>
  (entry) => [read(resource, entry[name])];

const ADMINISTRATION: Right = { resource: 'acl', level: 'write', name: '' };

/** An entry of the history needs what reading the thing itself would need. */
const historyOf: RightsOfEntry = (entry) => {
  const { Kind, Node, Service, Key, Name } = entry;
  if (Kind === 'leader') return [];
  if (Kind === 'kv') return [read('key', Key)];
  // One without a name goes by its id, and whoever knows that may run it.
  if (Kind === 'query') return [isUuid(String(Name)) ? ADMINISTRATION : read('query', Name)];
  if (Kind === 'acl') return [read('acl', '')];
  if (Node === undefined) return [read('operator', '')];
  return Service === undefined ? nodeOf(entry) : [read('service', Service), ...nodeOf(entry)];
};

/** What a search found needs what reading it needs. */
const foundOf: RightsOfEntry = (entry) => {
  const { Kind, Name, Node, ServiceName } = entry;
  if (Kind === 'service') return [read('service', Name)];
  if (Kind === 'key') return [read('key', Name)];
  if (Kind === 'query') return [read('query', Name)];
  return Kind === 'node' ? [read('node', Node)] : checkOf({ Node, ServiceName });
};

const holdsAll = (rights: readonly Right[], { may }: Asker): boolean => rights.every(may);

/** A filter of lists that are there and, entry by entry as they are made, of long ones. */
const ofLongLists = (filter: (reply: Reply, asker: Asker) => Reply): AnswerFilter =>
  Object.assign(filter, { takesLongLists: true });

/** What is shown of a reply by rules for its entries; what is neither list nor map is left alone. */
const entriesOf = (rightsOf: (entry: Document, key: string) => readonly Right[]): AnswerFilter =>
  ofLongLists((reply, asker) => {
    const { list, value } = reply;
    const isShown = (entry: unknown, key: string): boolean =>
      holdsAll(rightsOf(entry as Document, key), asker);
    if (list !== undefined) return { ...reply, list: shownOf(list, isShown) };
    if (Array.isArray(value)) return { ...reply, value: value.filter((entry) => isShown(entry, '')) };
    if (!(value instanceof SortedMap)) return reply;
    const entries = [...(value as SortedMap<unknown>)];
    return { ...reply, value: new SortedMap(entries.filter(([key, entry]) => isShown(entry, key))) };
  });

const NOTHING_THERE = 404;

/** The same reply without what it says. */
function nothingThere({ value: _nothing, ...rest }: Reply): Reply {
  return { ...rest, status: NOTHING_THERE };
}

export const nodesFilter = entriesOf(nodeOf);
export const membersFilter = entriesOf(namedOf('node', 'Name'));
export const instancesFilter = entriesOf(instanceOf);
export const entriesFilter = entriesOf(entryOf);
export const checksFilter = entriesOf(checkOf);
export const sessionsFilter = entriesOf(namedOf('session', 'Node'));
export const drainsFilter = entriesOf(ownCheckOf);
export const foundFilter = entriesOf(foundOf);
export const eventsFilter = entriesOf(namedOf('event', 'Name'));
export const ownServicesFilter = entriesOf(namedOf('service', 'Service'));
export const ownChecksFilter = entriesOf(ownCheckOf);
export const serviceNamesFilter = entriesOf((_tags, name) => [read('service', name)]);

const historyEntries = entriesOf(historyOf);

/** Entries of the history. Which token and which address a change came from is for who administers tokens or the datacenter. */
export const historyFilter: AnswerFilter = (reply, asker) => {
  const shown = historyEntries(reply, asker);
  if (!Array.isArray(shown.value) || asker.may(read('acl', '')) || asker.may(read('operator', '')))
    return shown;
  return { ...shown, value: (shown.value as Document[]).map(withoutAsker) };
};

function withoutAsker({ By, ...entry }: Document): Document {
  return By === undefined ? entry : { ...entry, By: { Agent: field(By, 'Agent') } };
}

/** Of a list that is asked for under a name that must be readable itself: nothing without it. */
export const ifRestIsReadable = (filter: AnswerFilter): AnswerFilter => {
  const filterRest = (reply: Reply, asker: Asker): Reply => {
    if (asker.may(read('service', asker.call.params['*']))) return filter(reply, asker);
    const { list, ...rest } = reply;
    return list !== undefined || Array.isArray(reply.value) ? { ...rest, value: [] } : reply;
  };
  return filter.takesLongLists ? ofLongLists(filterRest) : filterRest;
};

/** A node with its services, as a list or by id; `unknown` stands for a node that may not be seen. */
export const nodeServicesFilter =
  (unknown: Document | null): AnswerFilter =>
  (reply, asker) => {
    const node = field(reply.value, 'Node');
    if (!node) return reply;
    if (!asker.may(read('node', field(node, 'Node')))) return { ...reply, value: unknown };
    const services = ownServicesFilter({ ...reply, value: field(reply.value, 'Services') }, asker);
    return { ...reply, value: { ...(reply.value as Document), Services: services.value } };
  };

/** Nodes with their services and checks, or one; one that may not be seen is answered as one that is not there. */
export const nodeDumpsFilter: AnswerFilter = (reply, asker) => {
  const dumps = (Array.isArray(reply.value) ? reply.value : [reply.value ?? []].flat()) as Document[];
  const shown = dumps
    .filter((dump) => holdsAll(nodeOf(dump), asker))
    .map((dump) => ({
      ...dump,
      Services: (dump['Services'] as Document[]).filter(({ Service }) => asker.may(read('service', Service))),
      Checks: (dump['Checks'] as Document[]).filter((check) => holdsAll(checkOf(check), asker)),
    }));
  if (Array.isArray(reply.value)) return { ...reply, value: shown };
  return shown.length === 0 ? nothingThere(reply) : { ...reply, value: shown[0] };
};

/** Lines of services with the names of their nodes. Counts are those of the whole service. */
export const serviceLinesFilter: AnswerFilter = (reply, asker) => {
  if (!Array.isArray(reply.value)) return reply;
  const lines = (reply.value as Document[]).flatMap((line) => {
    const nodes = (line['Nodes'] as readonly string[]).filter((node) => asker.may(read('node', node)));
    return nodes.length > 0 && asker.may(read('service', line['Name'])) ? [{ ...line, Nodes: nodes }] : [];
  });
  return { ...reply, value: lines };
};

const MAP_STATES = ['Critical', 'Warning', 'Maintenance', 'Passing'] as const;

/** Lines of services with the names of their nodes by state; a line without a node is none. */
export const healthMapFilter: AnswerFilter = (reply, asker) => {
  const shownNodes = (nodes: unknown): readonly string[] =>
    (nodes as readonly string[]).filter((node) => asker.may(read('node', node)));
  const lines = (reply.value as Document[])
    .filter(({ Name }) => asker.may(read('service', Name)))
    .map((line) => ({
      ...line,
      ...Object.fromEntries(MAP_STATES.map((state) => [state, shownNodes(line[state])])),
    }))
    .filter((line: Document) => MAP_STATES.some((state) => (line[state] as readonly string[]).length > 0));
  return { ...reply, value: lines };
};

/** The past of instances. Without the right to anything in it, nothing is counted either. */
export const healthHistoryFilter: AnswerFilter = (reply, asker) => {
  const { query } = asker.call;
  const node = first(query, 'node');
  const asked = node ? read('node', node) : read('service', first(query, 'service'));
  const value = reply.value as Document;
  if (!asker.may(asked)) return { ...reply, value: { ...value, Instances: [], Omitted: 0, Steady: {} } };
  const Instances = (value['Instances'] as Document[]).filter((past) => holdsAll(checkOf(past), asker));
  return { ...reply, value: { ...value, Instances } };
};

/** A name of /v1/kv/?keys, whole or cut behind a separator: then one key below it is enough. */
function isKeyShown(name: string, { may, parts }: Asker): boolean {
  for (const { key } of parts.state.view.kv.withPrefix(name)) if (may(read('key', key))) return true;
  return false;
}

/** Keys with their values, or names of keys. Nothing left is answered as nothing there, but for the names of all keys. */
export const keysFilter: AnswerFilter = (reply, asker) => {
  if (!Array.isArray(reply.value)) return reply;
  const { query } = asker.call;
  const isCut = Boolean(query['separator'] || query['seperator']);
  const value = (reply.value as (Document | string)[]).filter((entry) =>
    typeof entry !== 'string'
      ? asker.may(read('key', entry['Key']))
      : isCut
        ? isKeyShown(entry, asker)
        : asker.may(read('key', entry)),
  );
  const isAll = query['keys'] !== undefined && asker.call.params['*'] === '';
  if (value.length > 0 || isAll) return { ...reply, value };
  return nothingThere(reply);
};

const HIDDEN = '<hidden>';

function withoutToken(query: Document, { may }: Asker): Document {
  return query['Token'] && !may(ADMINISTRATION) ? { ...query, Token: HIDDEN } : query;
}

/** A token; its secret is for who may write access control. */
export const tokenFilter: AnswerFilter = (reply, { may }) => {
  const token = reply.value as Document | undefined;
  if (token?.['SecretID'] === undefined || may(ADMINISTRATION)) return reply;
  return { ...reply, value: { ...token, SecretID: HIDDEN } };
};

/** Definitions of prepared queries: those without a name are the administrators', and so are captured tokens. */
export const queriesFilter: AnswerFilter = (reply, asker) => {
  if (!Array.isArray(reply.value)) return reply;
  const shown = (reply.value as Document[]).filter(({ Name }) =>
    asker.may(Name === '' ? ADMINISTRATION : read('query', Name)),
  );
  return { ...reply, value: shown.map((query) => withoutToken(query, asker)) };
};

/** One definition, or what it renders to; what a query finds was looked for with its own eyes (query-sight.ts). */
export const queryFilter: AnswerFilter = (reply, asker) => {
  const { value } = reply;
  if (Array.isArray(value))
    return { ...reply, value: (value as Document[]).map((query) => withoutToken(query, asker)) };
  const query = field(value, 'Query');
  const answer = value as Document;
  if (query) return { ...reply, value: { ...answer, Query: withoutToken(query as Document, asker) } };
  return reply;
};
