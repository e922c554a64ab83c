/**
 * What a prepared query may find: what the token sees that it has kept, else what its asker sees.
 */
import { readableView, type Sight } from '../../catalog/readable-view.ts';
import type { View } from '../../catalog/tables.ts';
import type { QueryRow } from '../../model/types.ts';
import type { Call } from '../call-and-reply.ts';
import type { HttpParts } from '../http-parts.ts';
import type { Authorizer } from './right.ts';

/** The rows that a query may find, and whether it has left any out so far. */
export interface QuerySight {
  readonly view: View;
  hasHidden(): boolean;
}

function watchedSight(authorizer: Authorizer, onHidden: () => void): Sight {
  const sees = (resource: 'node' | 'service', name: string): boolean => {
    const isSeen = authorizer.allows({ resource, level: 'read', name });
    if (!isSeen) onHidden();
    return isSeen;
  };
  return { seesNode: (name) => sees('node', name), seesService: (name) => sees('service', name) };
}

/** What may be found. Throws forbidden where the kept token is not known any more. */
export function sightOfQuery(call: Call, parts: HttpParts, { document }: QueryRow): QuerySight {
  const { acl, state } = parts;
  const isCaptured = acl !== undefined && document.Token !== '';
  const authorizer = isCaptured ? acl.authorizerOfSecret(document.Token) : parts.authorizerOf(call);
  const { view } = state;
  if (authorizer.isUnlimited) return { view, hasHidden: () => false };
  let hasHidden = false;
  const sight = watchedSight(authorizer, () => {
    hasHidden = true;
  });
  return { view: readableView(view, () => sight), hasHidden: () => hasHidden };
}
