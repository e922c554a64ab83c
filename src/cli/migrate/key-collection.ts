/**
 * Keys with their values and flags. A lock stays behind: it belongs to a session, and whoever holds it makes a new one.
 */
import { jsonOf, unexpected } from '../client.ts';
import { keyPath } from '../kv-entries.ts';
import type { Collection, Item } from './collection.ts';

export interface KeyDocument {
  readonly Key: string;
  /** Base64; null is empty. */
  readonly Value: string | null;
  /** As decimal text: 64 bits are more than a number holds. */
  readonly Flags: string;
  readonly Session?: string;
}

/** Rows of an answer with flags as they were written. */
function parseKeys(body: Buffer): readonly KeyDocument[] {
  const withFlagsAsText = (name: string, value: unknown, context?: { source?: string }): unknown =>
    name === 'Flags' && typeof value === 'number' ? (context?.source ?? String(value)) : value;
  return JSON.parse(
    body.toString('utf8'),
    withFlagsAsText as (name: string, value: unknown) => unknown,
  ) as KeyDocument[];
}

const itemOf = (document: KeyDocument): Item => ({
  content: `${document.Flags} ${document.Value ?? ''}`,
  document,
});

const documentOf = ({ document }: Item): KeyDocument => document as KeyDocument;

/** Folders of the first level, and keys beside them. */
async function parts(side: Parameters<Collection['parts']>[0]): Promise<readonly string[]> {
  const answer = await side.request('GET', '/v1/kv/', { query: { keys: '', separator: '/' } });
  if (answer.status === 404) return [];
  if (answer.status !== 200) throw unexpected(answer);
  return jsonOf<string[]>(answer.body);
}

export const keyCollection: Collection = {
  name: 'keys',
  parts,
  list: async (side, part) => {
    const query: Record<string, string> = part.endsWith('/') ? { recurse: '' } : {};
    const answer = await side.request('GET', keyPath(part), { query });
    if (answer.status === 404) return new Map();
    if (answer.status !== 200) throw unexpected(answer);
    return new Map(parseKeys(answer.body).map((document) => [document.Key, itemOf(document)]));
  },
  put: async (target, item) => {
    const { Key, Value, Flags } = documentOf(item);
    await target.ok('PUT', keyPath(Key), {
      query: { flags: Flags },
      body: Buffer.from(Value ?? '', 'base64'),
    });
  },
  remove: async (target, item) => {
    await target.ok('DELETE', keyPath(documentOf(item).Key));
  },
};
