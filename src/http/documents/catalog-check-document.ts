/**
 * A check in bodies of the catalog and of transactions: its fields, what is refused about it, its row.
 *
 * Consul refuses with a 500 here (invalid_command). The catalog keeps such checks; nobody here runs them.
 */
import type { CheckInput } from '../../catalog/command.ts';
import { CATALOG_CHECK, type CheckFields } from '../../decode/check-fields.ts';
import { type Decoder, documentOf, type FieldTable } from '../../decode/json-fields.ts';
import { formatDuration } from '../../lib/duration.ts';
import { refuse } from '../../model/errors.ts';
import { type CheckStatus, type NodeName, STATUSES } from '../../model/types.ts';
import { type CheckDefinitionDocument, checkDefinition } from './check-definition-document.ts';

interface CatalogCheckFields extends Pick<CheckFields, keyof typeof CATALOG_CHECK> {
  readonly definition: CheckDefinitionDocument;
}

const CHECK: FieldTable<CatalogCheckFields> = {
  ...CATALOG_CHECK,
  definition: { name: 'Definition', decode: checkDefinition },
};

export type CatalogCheckInput = Partial<CatalogCheckFields>;

/** The fields of a check document. Throws bad_request. */
export const checkInput: Decoder<CatalogCheckInput> = documentOf(CHECK);

const durationOf = (ms: number | undefined): string => (ms ? formatDuration(ms) : '');

/** Refuse a check without an id, as a registration does. Throws invalid_command. */
export function requireCheckId({ id, name }: CatalogCheckInput, node: string): void {
  if (!id && !name)
    refuse(
      'invalid_command',
      `failed inserting check: failed inserting check: object missing primary index on node "${node}"`,
    );
}

/** A check for the catalog on `node`; its id may be empty. Throws invalid_command. */
export function catalogCheckInput(fields: CatalogCheckInput, node: string): CheckInput {
  if (fields.node && fields.node !== node)
    refuse('invalid_command', `check node "${fields.node}" does not match node "${node}"`);
  const id = fields.id || fields.name || '';
  const status = fields.status || 'critical';
  if (status === 'maintenance' || !(STATUSES as readonly string[]).includes(status))
    refuse('invalid_command', `Invalid check status: '${status}'`);
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
