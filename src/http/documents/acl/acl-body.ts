/**
 * Bodies of /v1/acl: refused with Consul's words for what was to be read, and the fields that several of them share.
 */
import { TEMPLATES } from '../../../acl/identities.ts';
import type { LinkInput } from '../../../catalog/acl-command.ts';
import {
  type Decoder,
  decodeFields,
  described,
  documentOf,
  type FieldTable,
  listOf,
  text,
  texts,
  withDefaults,
} from '../../../decode/json-fields.ts';
import { tenancyText } from '../../../decode/tenancy-text.ts';
import type { NodeIdentity, ServiceIdentity, TemplatedPolicy } from '../../../model/acl-types.ts';
import { AppError, refuse } from '../../../model/errors.ts';
import { parseBody } from '../../request/json-body.ts';

const REFUSED = 'Request decode failed: ';

/**
 * What a body says. Throws bad_request `Bad request: <what> decoding failed: …`; `what` that is a sentence already ends in
 * "body".
 */
export function readAclBody<T>(body: Buffer, what: string, decode: (json: unknown) => T): T {
  try {
    return decode(parseBody(body));
  } catch (error) {
    if (!(error instanceof AppError) || !error.message.startsWith(REFUSED)) throw error;
    const sentence = what.endsWith('body') ? what : `${what} decoding failed`;
    const why = error.message.slice(REFUSED.length);
    throw new AppError('bad_request', `Bad request: ${sentence}: ${why}`, { cause: error });
  }
}

const API = { style: 'api', path: '' } as const;

/** The fields of a document of the API. */
export function apiFields<Fields extends object>(table: FieldTable<Fields>, json: unknown): Partial<Fields> {
  return decodeFields(table, json, API);
}

/** Fields that a document may carry because it was read before, and that nobody looks at. */
export const ignored: Decoder<undefined> = () => undefined;

interface Link {
  readonly id: string;
  readonly name: string;
}

const LINK: FieldTable<Link> = {
  id: { name: 'ID', decode: text },
  name: { name: 'Name', decode: text },
};

const link: Decoder<LinkInput> = withDefaults(documentOf(LINK), { id: '', name: '' });

export const links = listOf(link, '[]structs.ACLTokenPolicyLink');

interface ServiceIdentityFields extends ServiceIdentity {
  readonly namespace: string;
}

const SERVICE_IDENTITY: FieldTable<ServiceIdentityFields> = {
  serviceName: { name: 'ServiceName', decode: text },
  datacenters: { name: 'Datacenters', decode: texts },
  namespace: { name: 'Namespace', decode: tenancyText },
};

export const serviceIdentities = listOf<ServiceIdentity>(
  described(documentOf(SERVICE_IDENTITY).schema, (value, place) => {
    const { serviceName = '', datacenters = [] } = decodeFields(SERVICE_IDENTITY, value, place);
    return { serviceName, datacenters };
  }),
  '[]*structs.ACLServiceIdentity',
);

const NODE_IDENTITY: FieldTable<NodeIdentity> = {
  nodeName: { name: 'NodeName', decode: text },
  datacenter: { name: 'Datacenter', decode: text },
};

export const nodeIdentities = listOf<NodeIdentity>(
  withDefaults(documentOf(NODE_IDENTITY), { nodeName: '', datacenter: '' }),
  '[]*structs.ACLNodeIdentity',
);

interface Variables {
  readonly name: string;
}

interface TemplatedPolicyFields {
  readonly templateName: string;
  readonly templateId: string;
  readonly variables: Partial<Variables>;
  readonly datacenters: readonly string[];
}

const VARIABLES: FieldTable<Variables> = { name: { name: 'Name', decode: text } };

const TEMPLATED_POLICY: FieldTable<TemplatedPolicyFields> = {
  templateName: { name: 'TemplateName', decode: text },
  templateId: { name: 'TemplateID', decode: text },
  variables: {
    name: 'TemplateVariables',
    decode: documentOf(VARIABLES),
  },
  datacenters: { name: 'Datacenters', decode: texts },
};

/** Refuse a template that there is not, or that lacks the name that it is made for. Throws invalid_command. */
function requireTemplate(templateName: string, name: string): void {
  const template = Object.hasOwn(TEMPLATES, templateName) ? TEMPLATES[templateName] : undefined;
  if (template === undefined && templateName !== '')
    refuse('invalid_command', `no such ACL templated policy with Name ${JSON.stringify(templateName)}`);
  if (template?.takesName && name === '')
    refuse('invalid_command', `validation error for templated policy ${templateName}: Name is required`);
}

export const templatedPolicies = listOf<TemplatedPolicy>(
  described(documentOf(TEMPLATED_POLICY).schema, (value, place) => {
    const fields = decodeFields(TEMPLATED_POLICY, value, place);
    const { templateName = '', variables = {}, datacenters = [] } = fields;
    const { name = '' } = variables;
    requireTemplate(templateName, name);
    return { templateName, name, datacenters };
  }),
  '[]*structs.ACLTemplatedPolicy',
);
