/**
 * Which topics of `/v1/stream` tell that the answer to a path may have changed. Pure.
 *
 * A path without a row is asked again as before: by waiting for its index, or every so often. To add one: a row in TOPICS,
 * with what the operation itself waits for.
 */

type TopicsOf = (rest: string, query: URLSearchParams) => readonly string[];

const named =
  (word: string): TopicsOf =>
  (rest) =>
    rest === '' ? [] : [`${word}:${rest}`];

const always =
  (...topics: readonly string[]): TopicsOf =>
  () =>
    topics;

const TOPICS: readonly (readonly [prefix: string, topicsOf: TopicsOf])[] = [
  ['/v1/internal/ui/services', always('services', 'nodes', 'checks')],
  ['/v1/internal/ui/health-map', always('services', 'nodes', 'checks')],
  ['/v1/health/state/', always('checks')],
  ['/v1/health/service/', named('service')],
  ['/v1/health/node/', named('node')],
  ['/v1/catalog/nodes', always('nodes')],
  ['/v1/catalog/node-services/', named('node')],
  ['/v1/kv/', (key, query) => (key !== '' || query.has('keys') ? [`kv:${key}`] : [])],
  ['/v1/session/', always('sessions')],
  ['/v1/history', (rest) => (rest === '' ? ['history'] : [])],
];

function decoded(text: string): string {
  try {
    return text.split('/').map(decodeURIComponent).join('/');
  } catch {
    return '';
  }
}

/** [] for a path whose changes no topic tells, and where a name has a comma, which separates topics. */
export function topicsOf(path: string): readonly string[] {
  const [place = '', query = ''] = path.split('?', 2);
  const row = TOPICS.find(
    ([prefix]) => place === prefix || (prefix.endsWith('/') && place.startsWith(prefix)),
  );
  if (row === undefined) return [];
  const [prefix, topics] = row;
  const found = topics(decoded(place.slice(prefix.length)), new URLSearchParams(query));
  return found.some((topic) => topic.includes(',')) ? [] : found;
}
