/**
 * A check in bodies of the catalog and of transactions: its fields, what is refused about it, its row.
 *
 * Consul refuses with a 500 here (invalid_command). The catalog keeps such checks; nobody here runs them.
 */
import type { CheckInput } from '../../catalog/command.ts';
import {
  type Decoder,
  decodeFields,
  duration,
  type FieldTable,
  integer,
  text,
  texts,
} from '../../decode/json-fields.ts';
import { formatDuration } from '../../lib/duration.ts';
import { AppError } from '../../model/errors.ts';
import { type CheckStatus, type NodeName, STATUSES } from '../../model/types.ts';
import { tenancyText } from '../request/tenancy.ts';
import { type CheckDefinitionDocument, checkDefinition } from './check-definition-document.ts';

function refuse(why: string): never {
  throw new AppError('invalid_command', why);
}

interface CheckFields {
  readonly node: string;
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly notes: string;
  readonly output: string;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly serviceTags: readonly string[];
  readonly type: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly exposedPort: number;
  readonly definition: CheckDefinitionDocument;
  readonly namespace: string;
  readonly partition: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

const CHECK: FieldTable<CheckFields> = {
  node: { name: 'Node', decode: text },
  id: { name: 'CheckID', decode: text },
  name: { name: 'Name', decode: text },
  status: { name: 'Status', decode: text },
  notes: { name: 'Notes', decode: text },
  output: { name: 'Output', decode: text },
  serviceId: { name: 'ServiceID', decode: text },
  serviceName: { name: 'ServiceName', decode: text },
  serviceTags: { name: 'ServiceTags', decode: texts },
  type: { name: 'Type', decode: text },
  intervalMs: { name: 'Interval', decode: duration },
  timeoutMs: { name: 'Timeout', decode: duration },
  exposedPort: { name: 'ExposedPort', decode: integer },
  definition: { name: 'Definition', decode: checkDefinition },
  namespace: { name: 'Namespace', decode: tenancyText },
  partition: { name: 'Partition', decode: tenancyText },
  createIndex: { name: 'CreateIndex', decode: integer },
  modifyIndex: { name: 'ModifyIndex', decode: integer },
};

export type CatalogCheckInput = Partial<CheckFields>;

/** The fields of a check document. Throws bad_request. */
export const checkInput: Decoder<CatalogCheckInput> = (value, place) => decodeFields(CHECK, value, place);

const durationOf = (ms: number | undefined): string => (ms ? formatDuration(ms) : '');

/** Refuse a check without an id, as a registration does. Throws invalid_command. */
export function requireCheckId({ id, name }: CatalogCheckInput, node: string): void {
  if (!id && !name)
    refuse(`failed inserting check: failed inserting check: object missing primary index on node "${node}"`);
}

/** A check for the catalog on `node`; its id may be empty. Throws invalid_command. */
export function catalogCheckInput(fields: CatalogCheckInput, node: string): CheckInput {
  if (fields.node && fields.node !== node)
    refuse(`check node "${fields.node}" does not match node "${node}"`);
  const id = fields.id || fields.name || '';
  const status = fields.status || 'critical';
  if (status === 'maintenance' || !(STATUSES as readonly string[]).includes(status))
    refuse(`Invalid check status: '${status}'`);
  const definition = fields.definition ?? { document: {}, kind: '' };
  return {
    node: node as NodeName,
    id: id as CheckInput['id'],
    name: fields.name ?? '',
    status: status as CheckStatus,
    notes: fields.notes ?? '',
    output: fields.output ?? '',
    serviceId: (fields.serviceId ?? '') as CheckInput['serviceId'],
    type: fields.type || definition.kind,
    interval: durationOf(fields.intervalMs),
    timeout: durationOf(fields.timeoutMs),
    exposedPort: fields.exposedPort ?? 0,
    definition: definition.document,
  };
}
