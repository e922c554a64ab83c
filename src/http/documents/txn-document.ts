/**
 * Transactions between JSON and operations.
 *
 * Numbers of up to 64 bits (`Flags`, `Index`) survive: digits that a double cannot hold are taken from the text. What
 * is wrong with one operation's node, service or check is an error of that operation, not of the whole body.
 */
import type { TxnOperation } from '../../catalog/command.ts';
import { stampOf } from '../../catalog/txn.ts';
import type { TxnError, TxnResult } from '../../catalog/txn-outcome.ts';
import {
  type Decoder,
  decodeFields,
  described,
  documentOf,
  type FieldTable,
  listOf,
  refuseDocument,
  text,
} from '../../decode/json-fields.ts';
import { tenancyText } from '../../decode/tenancy-text.ts';
import { AppError } from '../../model/errors.ts';
import { KvValue } from '../../model/kv-value.ts';
import type { ModifyIndex, NodeName, ServiceDefinition } from '../../model/types.ts';
import { parseBody, type Reviver } from '../request/json-body.ts';
import { type CatalogCheckInput, catalogCheckInput, checkInput } from './catalog-check-document.ts';
import { type NodeFields, nodeFields } from './catalog-node-document.ts';
import {
  requireServiceMeta,
  type ServiceInput,
  serviceDefinition,
  txnServiceInput,
} from './catalog-service-document.ts';
import { kvDocument } from './kv-document.ts';
import {
  checkDocument,
  type Document,
  nodeDocument,
  serviceDocument,
  withNullTags,
} from './row-documents.ts';

const LARGEST_UINT64 = 2n ** 64n - 1n;

/** An unsigned 64-bit number as decimal text. */
const unsigned: Decoder<string> = described(
  () => ({ type: 'integer' }),
  (value, place) => {
    const whole = Number.isSafeInteger(value) ? BigInt(value as number) : value;
    if (typeof whole === 'bigint' && whole >= 0n && whole <= LARGEST_UINT64) return whole.toString();
    const kind = typeof value === 'number' || typeof value === 'bigint' ? `number ${value}` : typeof value;
    return refuseDocument(
      place,
      `json: cannot unmarshal ${kind} into Go struct field .${place.path} of type uint64`,
    );
  },
);

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Position of what is wrong with a base64 text: the first foreign character, or the start of an unfinished group. */
function faultIn(encoded: string): number {
  const foreign = encoded.search(/[^A-Za-z0-9+/]/);
  return foreign >= 0 ? foreign : encoded.length - (encoded.length % 4);
}

/** Base64 text; '' is the empty value. */
const base64: Decoder<string | null> = described(
  () => ({ type: 'string', contentEncoding: 'base64' }),
  (value, place) => {
    const encoded = text(value, place).replace(/[\r\n]/g, '');
    if (!BASE64.test(encoded)) refuseDocument(place, `illegal base64 data at input byte ${faultIn(encoded)}`);
    return encoded === '' ? null : encoded;
  },
);

interface KvFields {
  readonly verb: string;
  readonly key: string;
  readonly value: string | null;
  readonly flags: string;
  readonly index: string;
  readonly session: string;
  readonly namespace: string;
  readonly partition: string;
}

const verb = { name: 'Verb', decode: text };

const KV: FieldTable<KvFields> = {
  verb,
  key: { name: 'Key', decode: text },
  value: { name: 'Value', decode: base64 },
  flags: { name: 'Flags', decode: unsigned },
  index: { name: 'Index', decode: unsigned },
  session: { name: 'Session', decode: text },
  namespace: { name: 'Namespace', decode: tenancyText },
  partition: { name: 'Partition', decode: tenancyText },
};

interface NodeOperation {
  readonly verb: string;
  readonly node: Partial<NodeFields>;
}
const NODE: FieldTable<NodeOperation> = { verb, node: { name: 'Node', decode: nodeFields } };

interface ServiceOperation {
  readonly verb: string;
  readonly node: string;
  readonly service: ServiceInput;
}
const SERVICE: FieldTable<ServiceOperation> = {
  verb,
  node: { name: 'Node', decode: text },
  service: { name: 'Service', decode: txnServiceInput },
};

interface CheckOperation {
  readonly verb: string;
  readonly check: CatalogCheckInput;
}
const CHECK: FieldTable<CheckOperation> = { verb, check: { name: 'Check', decode: checkInput } };

const afterDoubles = <T>(decode: Decoder<T>): Decoder<T> =>
  described(decode.schema, (value, place) => decode(withDoubles(value), place));

/** At most one of them counts, in this order. */
interface OperationFields {
  readonly kv: Partial<KvFields>;
  readonly node: Partial<NodeOperation>;
  readonly service: Partial<ServiceOperation>;
  readonly check: Partial<CheckOperation>;
}

const OPERATION: FieldTable<OperationFields> = {
  kv: { name: 'KV', decode: documentOf(KV) },
  node: { name: 'Node', decode: afterDoubles(documentOf(NODE)) },
  service: { name: 'Service', decode: afterDoubles(documentOf(SERVICE)) },
  check: { name: 'Check', decode: afterDoubles(documentOf(CHECK)) },
};

/** What a body is. */
export const TXN_OPERATIONS = listOf<Partial<OperationFields>>(
  described(documentOf(OPERATION).schema, (value, place) => decodeFields(OPERATION, value ?? {}, place)),
  'api.TxnOps',
);

function kvOperation(fields: Partial<KvFields>): TxnOperation {
  const { verb: kvVerb = '', key = '', value = null, flags = '0', index = '0', session = '' } = fields;
  return { on: 'kv', verb: kvVerb, key, value: KvValue.from(value), flags, index: Number(index), session };
}

function nodeOperation({ verb: nodeVerb = '', node = {} }: Partial<NodeOperation>): TxnOperation {
  const { node: name = '', id = '', address = '', taggedAddresses = null, meta = null } = node;
  const row = { name: name as NodeName, id, address, taggedAddresses, meta };
  return { on: 'node', verb: nodeVerb, node: row, index: node.modifyIndex ?? 0 };
}

/** What is only looked up needs no name. */
function serviceOperation({
  verb: serviceVerb = '',
  node = '',
  service = {},
}: Partial<ServiceOperation>): TxnOperation {
  const id = (service.id ?? '') as ServiceDefinition['id'];
  const definition =
    serviceVerb === 'get'
      ? { ...serviceDefinition({ id, service: service.service || id }), id }
      : serviceDefinition(service);
  if (serviceVerb === 'set' || serviceVerb === 'cas') requireServiceMeta(service, node);
  const index = service.modifyIndex ?? 0;
  return { on: 'service', verb: serviceVerb, node: node as NodeName, service: definition, index };
}

function checkOperation({ verb: checkVerb = '', check = {} }: Partial<CheckOperation>): TxnOperation {
  const input = catalogCheckInput(check, check.node ?? '');
  return { on: 'check', verb: checkVerb, check: input, index: check.modifyIndex ?? 0 };
}

function operationOf({ kv, node, service, check }: Partial<OperationFields>): TxnOperation | undefined {
  if (kv) return kvOperation(kv);
  if (node) return nodeOperation(node);
  if (service) return serviceOperation(service);
  return check && checkOperation(check);
}

/** Keeps the digits of flags and indexes that a double cannot hold. */
const keepDigits: Reviver = (key, value, context) => {
  const digits = context?.source ?? '';
  const isLost = typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(digits);
  return isLost && /^(?:flags|index)$/i.test(key) ? BigInt(digits) : value;
};

/** Doubles all the way down: documents of services and checks are stored as JSON, which knows nothing else. */
function withDoubles(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(withDoubles);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withDoubles(item)]));
}

export interface TxnInput {
  /** Operations in the body, those that name nothing included. */
  readonly count: number;
  readonly operations: readonly TxnOperation[];
  /** Positions of `operations` in the body. */
  readonly positions: readonly number[];
  readonly errors: readonly TxnError[];
}

/** Read a body. Throws bad_request for what is not a list of operations. */
export function txnInput(body: Buffer): TxnInput {
  const document = parseBody(body, keepDigits);
  const listed = TXN_OPERATIONS(document ?? [], { style: 'api', path: '' });
  const read: { operation: TxnOperation; at: number }[] = [];
  const errors: TxnError[] = [];
  for (const [at, fields] of listed.entries()) {
    try {
      const operation = operationOf(fields);
      if (operation) read.push({ operation, at });
    } catch (refusal) {
      if (!(refusal instanceof AppError)) throw refusal;
      errors.push({ at, what: refusal.message });
    }
  }
  return {
    count: listed.length,
    operations: read.map(({ operation }) => operation),
    positions: read.map(({ at }) => at),
    errors,
  };
}

/** A result as the API shows it; `index` is the one that the transaction was written under. */
export function resultDocument(result: TxnResult, datacenter: string, index: ModifyIndex): Document {
  const stamp = stampOf(result.row, index);
  switch (result.on) {
    case 'kv':
      return { KV: kvDocument(result.row, result.isValueShown ? result.row.value : null, stamp) };
    case 'node':
      return { Node: nodeDocument({ ...result.row, ...stamp }, datacenter) };
    case 'service':
      return { Service: withNullTags(serviceDocument({ ...result.row, ...stamp })) };
    case 'check':
      return { Check: withNullTags(checkDocument({ ...result.row, ...stamp })) };
  }
}
