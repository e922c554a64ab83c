/**
 * Documents of access control, as answers show them.
 */
import type { Schema } from '../../decode/json-fields.ts';
import { ANY_OBJECT, FLAG, listOf, object, orNull, STAMP, TEXT, TEXTS, TIME } from './schema-words.ts';

const LINKS = listOf(object({ ID: TEXT, Name: TEXT }));
const GRANTS = {
  'Policies?': LINKS,
  'Roles?': LINKS,
  'ServiceIdentities?': listOf(object({ ServiceName: TEXT, 'Datacenters?': TEXTS })),
  'NodeIdentities?': listOf(object({ NodeName: TEXT, Datacenter: TEXT })),
  'TemplatedPolicies?': listOf(
    object({
      TemplateName: TEXT,
      'TemplateID?': TEXT,
      'TemplateVariables?': object({ Name: TEXT }),
      'Datacenters?': TEXTS,
    }),
  ),
};
const TOKEN = {
  AccessorID: TEXT,
  'SecretID?': TEXT,
  Description: TEXT,
  ...GRANTS,
  Local: FLAG,
  'AuthMethod?': TEXT,
  'ExpirationTime?': TIME,
  CreateTime: TIME,
  Hash: TEXT,
  ...STAMP,
};
const METHOD = {
  Name: TEXT,
  Type: TEXT,
  'DisplayName?': TEXT,
  'Description?': TEXT,
  'TokenLocality?': TEXT,
};
const DECISION = {
  Resource: TEXT,
  Segment: TEXT,
  Access: TEXT,
  Allow: FLAG,
  'Rule?': object({ Text: TEXT, Access: TEXT, From: TEXTS }),
  Reason: TEXT,
};

/** Tokens, policies and what belongs to them. */
export const ACL_COMPONENTS: Readonly<Record<string, Schema>> = {
  Token: object(TOKEN),
  BootstrapToken: object({ ID: TEXT, ...TOKEN }),
  Policy: object({
    ID: TEXT,
    Name: TEXT,
    Description: TEXT,
    Rules: TEXT,
    'Datacenters?': TEXTS,
    Hash: TEXT,
    ...STAMP,
  }),
  PolicyEntry: object({
    ID: TEXT,
    Name: TEXT,
    Description: TEXT,
    Datacenters: orNull(TEXTS),
    Hash: TEXT,
    ...STAMP,
  }),
  Role: object({ ID: TEXT, Name: TEXT, Description: TEXT, ...GRANTS, Hash: TEXT, ...STAMP }),
  AuthMethod: object({ 'MaxTokenTTL?': TEXT, ...METHOD, Config: orNull(ANY_OBJECT), ...STAMP }),
  AuthMethodEntry: object({ ...METHOD, ...STAMP }),
  BindingRule: object({
    ID: TEXT,
    Description: TEXT,
    AuthMethod: TEXT,
    Selector: TEXT,
    BindType: TEXT,
    BindName: TEXT,
    'BindVars?': object({ Name: TEXT }),
    ...STAMP,
  }),
  Decision: object(DECISION),
  DecisionOfToken: object({ AccessorID: TEXT, Description: TEXT, ...DECISION }),
  TemplatedPolicy: object({ TemplateName: TEXT, Schema: TEXT, Template: TEXT, Description: TEXT }),
};
