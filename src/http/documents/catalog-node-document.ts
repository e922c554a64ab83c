/**
 * A node in bodies of transactions: its fields.
 */
import { documentOf, type FieldTable, integer, text, textMap } from '../../decode/json-fields.ts';
import { tenancyText } from '../../decode/tenancy-text.ts';
import type { StringMap } from '../../model/types.ts';

export interface NodeFields {
  readonly id: string;
  readonly node: string;
  readonly address: string;
  readonly datacenter: string;
  readonly taggedAddresses: StringMap;
  readonly meta: StringMap;
  readonly partition: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

const NODE: FieldTable<NodeFields> = {
  id: { name: 'ID', decode: text },
  node: { name: 'Node', decode: text },
  address: { name: 'Address', decode: text },
  datacenter: { name: 'Datacenter', decode: text },
  taggedAddresses: { name: 'TaggedAddresses', decode: textMap },
  meta: { name: 'Meta', decode: textMap },
  partition: { name: 'Partition', decode: tenancyText },
  createIndex: { name: 'CreateIndex', decode: integer },
  modifyIndex: { name: 'ModifyIndex', decode: integer },
};

/** The fields of a node document. Throws bad_request. */
export const nodeFields = documentOf(NODE);
