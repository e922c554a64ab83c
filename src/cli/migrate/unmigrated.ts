/**
 * What the source has that no migration copies: counted, so that the operator learns of it now and not later.
 */

import { AppError } from '../../model/errors.ts';
import type { Client } from '../client.ts';
import { jsonOf } from '../client.ts';

/** Lists of the API, and what people call what they hold. */
const LISTS: readonly (readonly [what: string, path: string])[] = [
  ['sessions: whoever holds one makes a new one, and locks with it', '/v1/session/list'],
  ['intentions', '/v1/connect/intentions'],
  ...[
    'service-defaults',
    'proxy-defaults',
    'service-router',
    'service-splitter',
    'service-resolver',
    'service-intentions',
    'ingress-gateway',
    'terminating-gateway',
    'api-gateway',
    'mesh',
    'exported-services',
  ].map((kind) => [`config entries ${kind}`, `/v1/config/${kind}`] as const),
];

/** Number of entries of a list; 0 where there is no such list, or it may not be read. */
async function countOf(source: Client, path: string): Promise<number> {
  const { status, body } = await source.request('GET', path);
  if (status !== 200) return 0;
  try {
    const list = jsonOf<unknown>(body);
    return Array.isArray(list) ? list.length : 0;
  } catch (error) {
    if (error instanceof AppError) return 0;
    throw error;
  }
}

/** `3 intentions`, a line each; nothing for what there is none of. */
export async function unmigrated(source: Client): Promise<readonly string[]> {
  const counts = await Promise.all(
    LISTS.map(async ([what, path]) => [await countOf(source, path), what] as const),
  );
  return counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
}
