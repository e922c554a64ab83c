/**
 * Questions about rights as a body asks them: resource, segment, access; a few at once.
 */
import { type Level, RESOURCES, type Resource } from '../../acl/resources.ts';
import { text as asText, type FieldTable, listOf } from '../../decode/json-fields.ts';
import { refuse } from '../../model/errors.ts';
import type { Right } from '../access/right.ts';
import { apiFields, readAclBody } from '../documents/acl/acl-body.ts';

const MAX_QUESTIONS = 64;

export interface AclQuestion {
  readonly resource: string;
  readonly segment: string;
  readonly access: string;
}

export const ASKED: FieldTable<AclQuestion & { readonly namespace: string }> = {
  resource: { name: 'Resource', decode: asText },
  segment: { name: 'Segment', decode: asText },
  access: { name: 'Access', decode: asText },
  namespace: { name: 'Namespace', decode: asText },
};

/** Questions as a field of a body. */
export const aclQuestions = listOf<AclQuestion>((value) => {
  const { resource = '', segment = '', access = '' } = apiFields(ASKED, value);
  return { resource, segment, access };
}, '[]structs.ACLAuthorizationRequest');

const bad = (why: string): never => refuse('bad_request', `Bad request: ${why}`);

/** The right that a question is about. Throws bad_request for what nobody can have. */
export function rightOf({ resource, segment, access }: AclQuestion): Right {
  const isKnown = resource === 'intention' || (Object.hasOwn(RESOURCES, resource) && resource !== 'identity');
  if (!isKnown) bad(`Invalid ACL resource requested: "${resource}"`);
  const isLevel =
    access === 'read' ||
    access === 'write' ||
    (resource === 'key' && ['list', 'write-prefix'].includes(access));
  if (!isLevel) bad(`Invalid access level for ${resource} resource: ${access}`);
  return { resource: resource as Resource, level: access as Level, name: segment };
}

/** Refuse more questions than are answered at once. Throws bad_request. */
export function requireFew(questions: readonly AclQuestion[]): void {
  if (questions.length > MAX_QUESTIONS)
    bad(`Refusing to process more than ${MAX_QUESTIONS} authorizations at once`);
}

/** The questions that are a body. Throws bad_request. */
export function questionsOf(body: Buffer): readonly AclQuestion[] {
  const questions = readAclBody(body, 'Failed to decode request body', (value) =>
    aclQuestions(value, { style: 'api', path: '' }),
  );
  requireFew(questions);
  return questions;
}
