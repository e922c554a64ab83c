/**
 * A decision about a right and what it follows from, for people who ask why.
 */
import type { Decision } from '../../../acl/merged-rules.ts';
import { accessWord, RESOURCES } from '../../../acl/resources.ts';
import type { Right } from '../../access/right.ts';
import type { HttpConfig } from '../../http-parts.ts';
import type { Document } from '../row-documents.ts';

/** The rule's words as they stand in a policy: `key_prefix "a/"`, `operator`. */
function ruleText({ of, rule }: Decision): string {
  if (rule === undefined) return '';
  if (RESOURCES[of].shape === 'valued') return of;
  return `${of}${rule.scope === 'prefix' ? '_prefix' : ''} ${JSON.stringify(rule.name)}`;
}

/** Whether it is allowed, the rule that says so and whose it is; without a rule, what counts then. */
export function decisionDocument(right: Right, decision: Decision, acl: HttpConfig['acl']): Document {
  const { rule, of, isAllowed } = decision;
  const isIntention = right.resource === 'intention';
  return {
    Resource: right.resource,
    Segment: right.name,
    Access: right.level,
    Allow: isAllowed,
    Rule: rule && {
      Text: ruleText(decision),
      Access: accessWord(isIntention ? rule.intentions : rule.access),
      From: rule.from,
    },
    Reason:
      rule === undefined
        ? RESOURCES[of].isAlwaysDenied
          ? `no rule: ${of} is never given by default`
          : `no rule: the default policy is ${acl.defaultAllows ? 'allow' : 'deny'}`
        : `${ruleText(decision)} says ${accessWord(isIntention ? rule.intentions : rule.access)}, in ${rule.from.join(', ')}`,
  };
}
