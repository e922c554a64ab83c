/**
 * The words in which an operation declares who may do it; the pipeline (dispatch.ts) asks, so that no handler has to.
 *
 * `open` needs nothing, for a reason that is written down. `rights` are asked for before anything is done. A filtering
 * permission lets everybody ask and takes out of the answer what they may not see (answer-filters.ts); it may ask for
 * rights too. `byBody` stands beside `prepare`: the rights follow from what the body says (write-rights.ts).
 * What Consul asks for, endpoint by endpoint, is in its documentation of access control; docs/api.md shows it for ours.
 */

import type { Level, Resource } from '../../acl/resources.ts';
import type { Call, Reply } from '../call-and-reply.ts';
import type { HttpParts } from '../http-parts.ts';
import type { Right } from './right.ts';

/** The rights that a call needs; none when what it names is not there, which the handler then says. */
type RightsOf = (call: Call, parts: HttpParts) => readonly Right[];

/** Who asks, for a filter. */
export interface Asker {
  readonly may: (right: Right) => boolean;
  readonly call: Call;
  readonly parts: HttpParts;
}

/** The reply without what its asker may not see. */
export interface AnswerFilter {
  (reply: Reply, asker: Asker): Reply;
  /** It takes a list that is not made yet as well; all others are given what is there. */
  readonly takesLongLists?: boolean;
}

interface Needs {
  /** In words: a cell of docs/api.md. */
  readonly needs: string;
}

export type Permission = Needs &
  ({ readonly kind: 'open' } | { readonly kind: 'rights'; readonly rights: RightsOf });

export type FilteringPermission = Needs & {
  readonly kind: 'filter';
  readonly filter: AnswerFilter;
  readonly rights?: RightsOf;
};

export type BodyPermission = Needs & { readonly kind: 'body' };

/** Needs nothing. */
export function open(reason: string): Permission {
  return { kind: 'open', needs: `none: ${reason}` };
}

/** Needs rights that follow from the call, and perhaps from rows that it names. */
export function needing(needs: string, rights: RightsOf): Permission {
  return { kind: 'rights', needs, rights };
}

/** Needs a right on this agent's node. */
export function onThisNode(resource: 'agent' | 'node', level: 'read' | 'write'): Permission {
  return needing(`${resource}:${level} on this node`, (_call, { nodeName }) => [
    { resource, level, name: nodeName },
  ]);
}

/** Needs a right on a resource that has no names. */
export function onAll(resource: 'acl' | 'keyring' | 'operator', level: 'read' | 'write'): Permission {
  return needing(`${resource}:${level}`, () => [{ resource, level, name: '' }]);
}

/** The rest of the path as a right. */
export function restRight(resource: Resource, level: Level): RightsOf {
  return (call) => [{ resource, level, name: call.params['*'] ?? '' }];
}

/** Needs a right on what the rest of the path names. */
export function onRest(resource: Resource, level: 'read' | 'write'): Permission {
  return needing(`${resource}:${level} on \`*\``, restRight(resource, level));
}

/** Everybody may ask; the answer is filtered. */
export function filtered(by: string, filter: AnswerFilter): FilteringPermission {
  return { kind: 'filter', needs: `filters by ${by}`, filter };
}

/** What the body says decides. */
export function byBody(needs: string): BodyPermission {
  return { kind: 'body', needs };
}
