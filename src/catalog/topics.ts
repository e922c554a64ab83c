/**
 * Which questions a change may have changed the answer to, and the index of each such question.
 *
 * A topic is a short text: `service:web` (instances of web and their health), `node:n1` (a node, its services and
 * checks), `kv:a/b`, and the lists `nodes`, `services`, `checks`, `kv`, `sessions`, `queries`, `coordinates`. Readers that block
 * name the topics that their answer depends on. One that ends in `*` stands for every topic with that beginning
 * (`kv:a/*`).
 */
import type {
  CheckRow,
  CoordinateRow,
  KvRow,
  ModifyIndex,
  NodeRow,
  QueryRow,
  ServiceRow,
  SessionRow,
} from '../model/types.ts';
import type { Applied } from './state.ts';
import { nodeKey, serviceNameKey, type View } from './tables.ts';
import { TopicBeginnings } from './topic-beginnings.ts';

export const serviceTopic = (name: string): string => `service:${serviceNameKey(name)}`;
export const nodeTopic = (name: string): string => `node:${nodeKey(name)}`;
/** A key that ends in `*` must not look like a beginning. */
export const kvTopic = (key: string): string => (key.endsWith('*') ? `kv:${key}\u0000` : `kv:${key}`);
/** All keys that begin with `prefix`. */
export const kvPrefixTopic = (prefix: string): string => (prefix === '' ? 'kv' : `kv:${prefix}*`);
export const sessionTopic = (id: string): string => `session:${id}`;
export const sessionsOfTopic = (node: string): string => `sessions-of:${nodeKey(node)}`;
/** Everything that the history remembers. */
export const HISTORY_TOPIC = 'history';
/** Where a node is in the network; `coordinates` is where all are. */
export const coordinateTopic = (node: string): string => `coordinate:${nodeKey(node)}`;
export const queryTopic = (id: string): string => `query:${id}`;
/** All tokens, policies, roles, auth methods or binding rules; answers name what they link, so one topic serves a table. */
export const aclTopic = (table: AclTable): string => `acl:${table}`;

/** Every service of a node answers differently when the node or one of its own checks changes. */
function* servicesOfNode(node: string, view: View): Iterable<string> {
  for (const service of view.services.by('node', nodeKey(node))) yield serviceTopic(service.name);
}

function* topicsOfNode(row: NodeRow, view: View): Iterable<string> {
  yield 'nodes';
  yield nodeTopic(row.name);
  yield* servicesOfNode(row.name, view);
}

function* topicsOfService(row: ServiceRow): Iterable<string> {
  yield 'services';
  yield serviceTopic(row.name);
  yield nodeTopic(row.node);
}

function* topicsOfCheck(row: CheckRow, view: View): Iterable<string> {
  yield 'checks';
  yield nodeTopic(row.node);
  if (row.serviceId) yield serviceTopic(row.serviceName);
  else yield* servicesOfNode(row.node, view);
}

type AclTable = Extract<Applied['table'], `acl${string}`>;

function topicsOfRow(table: Applied['table'], row: object, view: View): Iterable<string> {
  switch (table) {
    case 'nodes':
      return topicsOfNode(row as NodeRow, view);
    case 'services':
      return topicsOfService(row as ServiceRow);
    case 'checks':
      return topicsOfCheck(row as CheckRow, view);
    case 'kv':
      return ['kv', kvTopic((row as KvRow).key)];
    case 'sessions':
      return ['sessions', sessionTopic((row as SessionRow).id), sessionsOfTopic((row as SessionRow).node)];
    case 'queries':
      return ['queries', queryTopic((row as QueryRow).id)];
    case 'coordinates':
      return ['coordinates', coordinateTopic((row as CoordinateRow).node)];
    case 'history':
      return [HISTORY_TOPIC];
    case 'aclTokens':
    case 'aclPolicies':
    case 'aclRoles':
    case 'aclAuthMethods':
    case 'aclBindingRules':
      return [aclTopic(table)];
    default:
      return [];
  }
}

/** The topics that these applied changes touch; `view` is the state after them. */
export function topicsOf(applied: readonly Applied[], view: View): Set<string> {
  const topics = new Set<string>();
  for (const { table, before, after } of applied) {
    if (before) for (const topic of topicsOfRow(table, before, view)) topics.add(topic);
    if (after) for (const topic of topicsOfRow(table, after, view)) topics.add(topic);
  }
  return topics;
}

/** Topics remembered one by one. Turning it up costs about 100 octets each; beyond it old ones share one index. */
const MAX_TOPICS = 500_000;

/**
 * The index of each topic. It never falls: a topic that was forgotten, or that nobody touched since the start, has the
 * index `floor`, which is at least as high as any index the topic ever had.
 */
export class TopicIndexes {
  readonly #indexes = new Map<string, ModifyIndex>();
  readonly #maxTopics: number;
  readonly #beginnings = new TopicBeginnings(this.#indexes);
  #floor: ModifyIndex;

  constructor(floor: ModifyIndex, maxTopics: number = MAX_TOPICS) {
    this.#floor = floor;
    this.#maxTopics = maxTopics;
  }

  /** At least 1, because clients take 0 for "not blocking". */
  of(topics: Iterable<string>): ModifyIndex {
    let highest = Math.max(this.#floor, 1);
    for (const topic of topics) highest = Math.max(highest, this.#indexOf(topic));
    return highest;
  }

  #indexOf(topic: string): ModifyIndex {
    if (topic.endsWith('*')) return this.#beginnings.highest(topic.slice(0, -1));
    return this.#indexes.get(topic) ?? 0;
  }

  /** Nothing is known of what was before `floor`. */
  raiseFloor(floor: ModifyIndex): void {
    this.#floor = Math.max(this.#floor, floor);
  }

  touch(topics: Iterable<string>, index: ModifyIndex): void {
    for (const topic of topics) {
      const isNew = !this.#indexes.has(topic);
      this.#indexes.set(topic, index);
      this.#beginnings.touch(topic, index, isNew);
    }
    if (this.#indexes.size > this.#maxTopics) this.#forgetOldest();
  }

  /** Forget the half that was touched longest ago; rare, so it may sort rather than every touch keep an order. */
  #forgetOldest(): void {
    this.#beginnings.reset();
    const oldestFirst = [...this.#indexes].sort(([, a], [, b]) => a - b);
    for (const [topic, index] of oldestFirst.slice(0, Math.ceil(oldestFirst.length / 2))) {
      this.#indexes.delete(topic);
      this.#floor = Math.max(this.#floor, index);
    }
  }
}
