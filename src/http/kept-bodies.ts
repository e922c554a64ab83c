/**
 * Answers that are kept as bytes until a row behind them changes.
 *
 * An entry is valid as long as the index of its topics is the one it was made under: an index is handed out once, so
 * an equal index means that nothing behind the answer was written. Bounded by octets; the least recently used go first.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { TopicIndexes } from '../catalog/topics.ts';
import { AppError } from '../model/errors.ts';
import type { Authorizer } from './access/right.ts';
import { MAX_WHOLE_BYTES } from './answer/answers.ts';
import { TENANCY_HEADERS } from './request/tenancy.ts';
import type { Operation } from './route.ts';
import type { Rendered } from './send.ts';

export interface KeptBody {
  readonly rendered: Rendered;
  readonly topics: readonly string[];
  readonly index: number;
}

/** Turning it up keeps more different URLs fast, at that much memory. */
const MAX_BYTES = 64 * 1024 * 1024;
/** What an entry costs beside its bodies, in octets. */
const OVERHEAD_BYTES = 1_000;

/** Request headers that change or refuse an answer: a request with one of them never gets a kept one without a look. */
const TELLING_HEADERS: readonly string[] = ['cache-control', ...TENANCY_HEADERS];

/** Whether nothing but its URL and its asker's rights decides what a request is answered. */
export function isToldByUrl(headers: IncomingHttpHeaders): boolean {
  return TELLING_HEADERS.every((name) => headers[name] === undefined);
}

const IS_WAIT = /^(?:index|wait)=/;

/** A URL without what says how long to wait: those who were parked together get the same bytes. */
export function withoutWait(url: string): string {
  const query = url.indexOf('?');
  if (query === -1 || !url.includes('index=', query)) return url;
  const kept = url
    .slice(query + 1)
    .split('&')
    .filter((parameter) => !IS_WAIT.test(parameter));
  return kept.length === 0 ? url.slice(0, query) : `${url.slice(0, query)}?${kept.join('&')}`;
}

/**
 * The key of the answer to a canonical URL, made of what the operation declares; undefined when it is not kept. Those who
 * may see everything share the bare URL, so that the shortest way needs no more than that.
 */
export function keyOf(
  { keyedBy }: Operation,
  url: string,
  { isUnlimited, group }: Authorizer,
): string | undefined {
  if (keyedBy === undefined) return undefined;
  const isForAll = isUnlimited || keyedBy === 'url';
  return isForAll ? withoutWait(url) : `${group} ${withoutWait(url)}`;
}

/**
 * The key under which the answer to a URL as it stands may be sent without looking at anything else; undefined when there
 * is none. Whoever may ask for it without a right, or was answered under the same rights, needs no further look.
 */
export function shortKeyOf(
  { keyedBy, permission }: Operation,
  url: string,
  askerOf: () => Authorizer,
): string | undefined {
  if (permission.kind === 'open') return url;
  const { isUnlimited, group } = knownAsker(askerOf);
  if (isUnlimited) return url;
  return keyedBy === 'url-and-rights' && group !== '' ? `${group} ${url}` : undefined;
}

const NOBODY: Pick<Authorizer, 'isUnlimited' | 'group'> = { isUnlimited: false, group: '' };

/** Who asks; whoever is not known is refused by the steps that everybody else goes through. */
function knownAsker(askerOf: () => Authorizer): Pick<Authorizer, 'isUnlimited' | 'group'> {
  try {
    return askerOf();
  } catch (error) {
    if (error instanceof AppError) return NOBODY;
    throw error;
  }
}

export class KeptBodies {
  readonly #indexes: Pick<TopicIndexes, 'of'>;
  readonly #entries: LRUCache<string, KeptBody>;

  constructor(indexes: Pick<TopicIndexes, 'of'>, maxBytes: number = MAX_BYTES) {
    this.#indexes = indexes;
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      // twice the body: the compressed form comes later and is smaller
      sizeCalculation: (entry, key) => OVERHEAD_BYTES + key.length * 2 + entry.rendered.body.length * 2,
    });
  }

  /** The answer under a key (keyOf), if it is still what would be answered now. */
  get(key: string): Rendered | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#indexes.of(entry.topics) !== entry.index) return undefined;
    return entry.rendered;
  }

  /** Keep an answer; not one under the index 0, which says that its rows were not here and no two of which are the same. */
  put(key: string, entry: KeptBody): void {
    if (entry.index === 0) return;
    if (entry.rendered.body.length <= MAX_WHOLE_BYTES) this.#entries.set(key, entry);
  }

  clear(): void {
    this.#entries.clear();
  }
}
