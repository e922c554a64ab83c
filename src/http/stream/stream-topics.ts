/**
 * What a client may follow on /v1/stream: a word, the topics of the catalog behind it, and the read that shows its value.
 *
 * A new word is a row in WORDS or LISTS. Refuses what it does not know, and more topics than a stream may have, with 400.
 */
import { HISTORY_TOPIC, kvPrefixTopic, kvTopic, nodeTopic, serviceTopic } from '../../catalog/topics.ts';
import { AppError } from '../../model/errors.ts';

/** An operation of the API whose answer is the value of a topic. */
export interface ValueRead {
  readonly path: string;
  readonly rest: string;
  readonly query: Readonly<Record<string, string>>;
}

export interface StreamTopic {
  /** As the client wrote it. */
  readonly name: string;
  /** The topic whose index tells of a change. */
  readonly watched: string;
  /** How its value is read; none has none. */
  readonly value: ValueRead | undefined;
  /** What selects its entries in the history; none has none. */
  readonly history: Readonly<Record<string, string>> | undefined;
}

/** Topics of one stream. Turning it up makes one connection dearer than others. */
const MAX_TOPICS = 64;

type Named = Omit<StreamTopic, 'name'>;

const isFolder = (key: string): boolean => key === '' || key.endsWith('/');

const WORDS: Readonly<Record<string, (name: string) => Named>> = {
  service: (name) => ({
    watched: serviceTopic(name),
    value: { path: '/v1/health/service/*', rest: name, query: {} },
    history: { service: name },
  }),
  node: (name) => ({
    watched: nodeTopic(name),
    value: { path: '/v1/internal/ui/node/*', rest: name, query: {} },
    history: { node: name },
  }),
  kv: (key) => ({
    watched: isFolder(key) ? kvPrefixTopic(key) : kvTopic(key),
    value: { path: '/v1/kv/*', rest: key, query: isFolder(key) ? { keys: '' } : {} },
    history: { key },
  }),
};

const LISTS: Readonly<Record<string, Named>> = {
  services: {
    watched: 'services',
    value: { path: '/v1/catalog/services', rest: '', query: {} },
    history: { kind: 'service' },
  },
  nodes: {
    watched: 'nodes',
    value: { path: '/v1/catalog/nodes', rest: '', query: {} },
    history: { kind: 'node,member' },
  },
  checks: { watched: 'checks', value: undefined, history: { kind: 'check,maintenance' } },
  kv: { watched: 'kv', value: undefined, history: { kind: 'kv' } },
  sessions: { watched: 'sessions', value: undefined, history: undefined },
  queries: { watched: 'queries', value: undefined, history: { kind: 'query' } },
  history: { watched: HISTORY_TOPIC, value: undefined, history: {} },
};

function topicOf(name: string): StreamTopic {
  const colon = name.indexOf(':');
  if (colon < 0) {
    const list = Object.hasOwn(LISTS, name) ? LISTS[name] : undefined;
    if (list !== undefined) return { name, ...list };
  } else {
    const word = name.slice(0, colon);
    const make = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
    const rest = name.slice(colon + 1);
    if (make !== undefined && (rest !== '' || word === 'kv')) return { name, ...make(rest) };
  }
  const known = [...Object.keys(LISTS), ...Object.keys(WORDS).map((word) => `${word}:NAME`)].join(', ');
  throw new AppError('bad_request', `Unknown topic ${JSON.stringify(name)}: one of ${known}`);
}

/** The topics of `?topics=`, separated by commas, each once. Throws bad_request. */
export function streamTopics(given: readonly string[]): readonly StreamTopic[] {
  const names = new Set(given.flatMap((text) => text.split(',')).filter((name) => name !== ''));
  if (names.size === 0)
    throw new AppError('bad_request', 'Missing topics: give ?topics=service:web,kv:app/ or the like');
  if (names.size > MAX_TOPICS)
    throw new AppError('bad_request', `A stream follows up to ${MAX_TOPICS} topics, not ${names.size}`);
  return [...names].map(topicOf);
}
