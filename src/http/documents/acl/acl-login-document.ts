/**
 * Auth methods, binding rules and logins between JSON and rows.
 */
import type { PutAuthMethodCommand, PutBindingRuleCommand } from '../../../catalog/acl-command.ts';
import {
  type Decoder,
  described,
  documentOf,
  duration,
  type FieldTable,
  isObject,
  text,
  textMap,
  wrongType,
} from '../../../decode/json-fields.ts';
import { tenancyText } from '../../../decode/tenancy-text.ts';
import { formatDuration } from '../../../lib/duration.ts';
import type { AclAuthMethodRow, AclBindingRuleRow } from '../../../model/acl-types.ts';
import type { JsonObject, StringMap } from '../../../model/types.ts';
import { sorted } from '../go-json.ts';
import type { Document } from '../row-documents.ts';
import { apiFields, ignored } from './acl-body.ts';

const anyObject: Decoder<JsonObject> = described(
  () => ({ type: 'object' }),
  (value, place) =>
    isObject(value)
      ? value
      : wrongType(value, place, { goType: 'map[string]interface {}', plain: 'an object' }),
);

interface MethodFields {
  readonly name: string;
  readonly type: string;
  readonly displayName: string;
  readonly description: string;
  readonly maxTokenTtlMs: number;
  readonly tokenLocality: string;
  readonly config: JsonObject;
  readonly namespace: string;
  readonly createIndex: undefined;
  readonly modifyIndex: undefined;
}

export const METHOD: FieldTable<MethodFields> = {
  name: { name: 'Name', decode: text },
  type: { name: 'Type', decode: text },
  displayName: { name: 'DisplayName', decode: text },
  description: { name: 'Description', decode: text },
  maxTokenTtlMs: { name: 'MaxTokenTTL', decode: duration },
  tokenLocality: { name: 'TokenLocality', decode: text },
  config: { name: 'Config', decode: anyObject },
  namespace: { name: 'Namespace', decode: tenancyText },
  createIndex: { name: 'CreateIndex', decode: ignored },
  modifyIndex: { name: 'ModifyIndex', decode: ignored },
};

/** The auth method that a body describes. Throws bad_request. */
export function authMethodInput(json: unknown): PutAuthMethodCommand['method'] {
  const fields = apiFields(METHOD, json ?? {});
  return {
    name: fields.name ?? '',
    type: fields.type ?? '',
    displayName: fields.displayName ?? '',
    description: fields.description ?? '',
    maxTokenTtlMs: fields.maxTokenTtlMs ?? 0,
    // what is no locality is refused before it is stored
    tokenLocality: (fields.tokenLocality ?? '') as AclAuthMethodRow['tokenLocality'],
    config: fields.config ?? {},
  };
}

export function authMethodDocument(method: AclAuthMethodRow): Document {
  return {
    MaxTokenTTL: method.maxTokenTtlMs === 0 ? undefined : formatDuration(method.maxTokenTtlMs),
    Name: method.name,
    Type: method.type,
    DisplayName: method.displayName || undefined,
    Description: method.description || undefined,
    TokenLocality: method.tokenLocality || undefined,
    Config: sorted(method.config),
    CreateIndex: method.createIndex,
    ModifyIndex: method.modifyIndex,
  };
}

/** An entry of the list: without its configuration. */
export function authMethodStub(method: AclAuthMethodRow): Document {
  const { Config: _config, MaxTokenTTL: _ttl, ...rest } = authMethodDocument(method);
  return rest;
}

interface RuleFields {
  readonly id: string;
  readonly description: string;
  readonly authMethod: string;
  readonly selector: string;
  readonly bindType: string;
  readonly bindName: string;
  readonly bindVars: { readonly name?: string };
  readonly namespace: string;
  readonly createIndex: undefined;
  readonly modifyIndex: undefined;
}

const VARS: FieldTable<{ readonly name: string }> = { name: { name: 'Name', decode: text } };

export const RULE: FieldTable<RuleFields> = {
  id: { name: 'ID', decode: text },
  description: { name: 'Description', decode: text },
  authMethod: { name: 'AuthMethod', decode: text },
  selector: { name: 'Selector', decode: text },
  bindType: { name: 'BindType', decode: text },
  bindName: { name: 'BindName', decode: text },
  bindVars: { name: 'BindVars', decode: documentOf(VARS) },
  namespace: { name: 'Namespace', decode: tenancyText },
  createIndex: { name: 'CreateIndex', decode: ignored },
  modifyIndex: { name: 'ModifyIndex', decode: ignored },
};

/** The binding rule that a body describes. Throws bad_request. */
export function bindingRuleInput(json: unknown): PutBindingRuleCommand['rule'] {
  const fields = apiFields(RULE, json ?? {});
  return {
    id: fields.id ?? '',
    description: fields.description ?? '',
    authMethod: fields.authMethod ?? '',
    selector: fields.selector ?? '',
    // what is no type is refused by the reducer
    bindType: (fields.bindType ?? '') as AclBindingRuleRow['bindType'],
    bindName: fields.bindName ?? '',
    bindVarName: fields.bindVars?.name ?? '',
  };
}

export function bindingRuleDocument(rule: AclBindingRuleRow): Document {
  return {
    ID: rule.id,
    Description: rule.description,
    AuthMethod: rule.authMethod,
    Selector: rule.selector,
    BindType: rule.bindType,
    BindName: rule.bindName,
    BindVars: rule.bindVarName === '' ? undefined : { Name: rule.bindVarName },
    CreateIndex: rule.createIndex,
    ModifyIndex: rule.modifyIndex,
  };
}

export interface LoginFields {
  readonly authMethod: string;
  readonly bearerToken: string;
  readonly meta: StringMap;
  readonly namespace: string;
}

export const LOGIN: FieldTable<LoginFields> = {
  authMethod: { name: 'AuthMethod', decode: text },
  bearerToken: { name: 'BearerToken', decode: text },
  meta: { name: 'Meta', decode: textMap },
  namespace: { name: 'Namespace', decode: tenancyText },
};

/** What somebody who logs in brings. Throws bad_request. */
export function loginInput(json: unknown): Omit<LoginFields, 'namespace'> {
  const { authMethod = '', bearerToken = '', meta = {} } = apiFields(LOGIN, json ?? {});
  return { authMethod, bearerToken, meta };
}
