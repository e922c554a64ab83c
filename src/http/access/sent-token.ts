/**
 * The token that a request brings: in the query, else in a header of its own, else as a bearer's.
 */
import type { Call } from '../call-and-reply.ts';
import { first } from '../request/query-values.ts';

/** What of a request tells who asks. */
export type AskedWith = Pick<Call, 'headers' | 'query' | 'url' | 'isForwarded'>;

const BEARER = /^bearer[ \t]+(\S+)/i;

/** The secret that was sent, '' when none was. Empty values count as none; other schemes than Bearer are nobody's. */
export function sentToken({ headers, query }: Pick<AskedWith, 'headers' | 'query'>): string {
  const inQuery = first(query, 'token');
  if (inQuery) return inQuery;
  const own = headers['x-consul-token'];
  const inHeader = Array.isArray(own) ? own[0] : own;
  if (inHeader) return inHeader;
  return BEARER.exec(headers.authorization ?? '')?.[1] ?? '';
}
