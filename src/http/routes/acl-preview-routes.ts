/**
 * /v1/internal/acl/preview: what the rules of a policy say, before they are stored: each rule by itself, and what they decide
 * alone. For editors, which ask while somebody types; nothing is written.
 *
 * Rules that cannot be read are an answer (`Problem`), not a refusal: half of what is typed is wrong at some time.
 */
import { decide, mergeRules } from '../../acl/merged-rules.ts';
import { parseRules } from '../../acl/parse-rules.ts';
import { accessWord, type Rule } from '../../acl/resources.ts';
import { text as asText, type FieldTable } from '../../decode/json-fields.ts';
import { AppError } from '../../model/errors.ts';
import { whereAclIsOn } from '../access/acl-switch.ts';
import { byBody } from '../access/permission.ts';
import { apiFields, readAclBody } from '../documents/acl/acl-body.ts';
import { decisionDocument } from '../documents/acl/acl-decision-document.ts';
import type { Document } from '../documents/row-documents.ts';
import { LEADER } from '../place.ts';
import { json } from '../reply.ts';
import { type AclQuestion, aclQuestions, requireFew, rightOf } from '../request/acl-questions.ts';
import type { Prepare, Route } from '../route.ts';

interface PreviewFields {
  readonly rules: string;
  readonly questions: readonly AclQuestion[];
}

export const PREVIEW: FieldTable<PreviewFields> = {
  rules: { name: 'Rules', decode: asText },
  questions: { name: 'Questions', decode: aclQuestions },
};

function ruleDocument({ resource, scope, name, access, intentions }: Rule): Document {
  return {
    Resource: resource,
    Match: scope,
    Name: name,
    Access: accessWord(access),
    Intentions: intentions === undefined ? undefined : accessWord(intentions),
  };
}

/** The rules, or what is wrong with the text in the words of the refusal that storing it would meet. */
function read(text: string): readonly Rule[] | string {
  try {
    return parseRules(text);
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

const preview: Prepare = (call, parts) => {
  const { rules: text = '', questions = [] } = readAclBody(
    call.body,
    'Failed to decode request body',
    (body) => apiFields(PREVIEW, body ?? {}),
  );
  requireFew(questions);
  const rights = questions.map(rightOf);
  const run = () => {
    const rules = read(text);
    if (typeof rules === 'string') return json({ Problem: rules, Rules: [], Decisions: [] });
    const { acl } = parts.config;
    const merged = mergeRules([{ from: 'these rules', rules }], acl.defaultAllows);
    return json({
      Problem: '',
      Rules: rules.map(ruleDocument),
      Decisions: rights.map((right) => decisionDocument(right, decide(merged, right), acl)),
    });
  };
  return { rights: () => [{ resource: 'acl', level: 'read', name: '' }], run };
};

export const aclPreviewRoutes: readonly Route[] = [
  {
    path: '/v1/internal/acl/preview',
    operations: {
      POST: whereAclIsOn({
        about: 'What the rules of a policy say, before they are stored.',
        place: LEADER,
        permission: byBody('acl:read'),
        body: 'json',
        prepare: preview,
      }),
    },
  },
];
