/**
 * Public keys that somebody else publishes (JWKS, RFC 7517), kept for a while.
 *
 * A token that names a key which is not among them has them asked for anew, but not more often than every few seconds, so
 * that made-up names cost nobody anything.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import type { JsonObject } from '../../model/types.ts';
import { fetchJson } from './fetch-json.ts';

const KEEP_MS = 300_000;
const ASK_AGAIN_MS = 10_000;
/** Sets that are kept; one for each auth method in practice. */
const MAX_SETS = 50;

interface PublicKey {
  readonly id: string;
  readonly key: KeyObject;
}

interface KeySet {
  readonly keys: Promise<readonly PublicKey[]>;
  readonly fetchedMs: number;
}

/** Where keys are published: a set itself, or a provider that says where its set is. */
export interface KeySource {
  readonly url: string;
  readonly ca: string;
  readonly isDiscovery: boolean;
}

function keysOf(document: JsonObject): readonly PublicKey[] {
  const { keys } = document;
  if (!Array.isArray(keys)) return [];
  return keys.flatMap((jwk: JsonObject) => {
    try {
      const id = typeof jwk['kid'] === 'string' ? jwk['kid'] : '';
      return [{ id, key: createPublicKey({ key: jwk as never, format: 'jwk' }) }];
    } catch {
      return []; // a key of a kind that is not known cannot have signed what we take
    }
  });
}

async function fetchKeys({ url, ca, isDiscovery }: KeySource): Promise<readonly PublicKey[]> {
  if (!isDiscovery) return keysOf(await fetchJson({ url, ca }));
  const base = url.endsWith('/') ? url.slice(0, -1) : url;
  const { jwks_uri: address } = await fetchJson({ url: `${base}/.well-known/openid-configuration`, ca });
  if (typeof address !== 'string') throw new Error('it does not say where its keys are');
  return keysOf(await fetchJson({ url: address, ca }));
}

export class KeySets {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #sets = new Map<string, KeySet>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** The keys that may have signed with this id ('' is any). Rejects when they cannot be had. */
  async keysFor(source: KeySource, keyId: string): Promise<readonly KeyObject[]> {
    const named = (keys: readonly PublicKey[]) =>
      keys.filter(({ id }) => keyId === '' || id === '' || id === keyId).map(({ key }) => key);
    const keys = named(await this.#get(source, KEEP_MS));
    return keys.length > 0 ? keys : named(await this.#get(source, ASK_AGAIN_MS));
  }

  async #get(source: KeySource, maxAgeMs: number): Promise<readonly PublicKey[]> {
    const name = JSON.stringify(source);
    const nowMs = this.#clock.monotonic();
    const known = this.#sets.get(name);
    if (known !== undefined && nowMs - known.fetchedMs < maxAgeMs) return known.keys;
    const keys = fetchKeys(source);
    this.#sets.delete(name);
    if (this.#sets.size >= MAX_SETS) this.#sets.delete([...this.#sets.keys()][0] ?? '');
    this.#sets.set(name, { keys, fetchedMs: nowMs });
    try {
      return await keys;
    } catch (error) {
      if (this.#sets.get(name)?.keys === keys) this.#sets.delete(name);
      throw error;
    }
  }
}
