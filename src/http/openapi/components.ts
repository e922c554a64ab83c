/**
 * The documents that answers of the API are made of, by name. Tests hold every answer that they get against them.
 */
import type { Schema } from '../../decode/json-fields.ts';
import { ACL_COMPONENTS } from './acl-components.ts';
import { AGENT_COMPONENTS, SERVER_COMPONENTS } from './agent-components.ts';
import { CATALOG_COMPONENTS, STORED_COMPONENTS } from './catalog-components.ts';
import { PAGE_COMPONENTS } from './page-components.ts';
import { listOf, oneOf, ref, TEXT } from './schema-words.ts';

export const COMPONENTS: Readonly<Record<string, Schema>> = {
  ...CATALOG_COMPONENTS,
  ...STORED_COMPONENTS,
  ...AGENT_COMPONENTS,
  ...SERVER_COMPONENTS,
  ...ACL_COMPONENTS,
  ...PAGE_COMPONENTS,
  KeyPairsOrKeys: oneOf(listOf(ref('KeyPair')), listOf(TEXT)),
};
