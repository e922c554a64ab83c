/**
 * The node, service and check verbs of transactions, on top of the rules of registration (register.ts).
 *
 * The three kinds differ in how a row is found, written and removed, and in what it is called; the verbs are the same.
 */
import { refuse } from '../model/errors.ts';
import type { ModifyIndex, NodeRow, Stamp } from '../model/types.ts';
import type { TxnOperation } from './command.ts';
import type { Draft } from './draft.ts';
import type { ReduceContext } from './reduce-context.ts';
import { putCheck, putNode, putService, removeCheck, removeNode, removeService } from './register.ts';
import { isUuid } from './session-lookup.ts';
import { checkKey, nodeKey, serviceKey } from './tables.ts';
import type { TxnResult } from './txn-outcome.ts';

export type CatalogOperation = Exclude<TxnOperation, { on: 'kv' }>;

/** One kind of thing, as the verbs need it. */
interface Subject {
  readonly kind: 'Node' | 'Service' | 'Check';
  /** How error texts name it. */
  readonly label: string;
  row(): Stamp | undefined;
  result(): TxnResult;
  put(): void;
  remove(): void;
}

function requireNode(draft: Draft, name: string): NodeRow {
  return draft.view.nodes.get(nodeKey(name)) ?? refuse('invalid_command', 'Missing node registration');
}

function nodeSubject(
  draft: Draft,
  operation: Extract<CatalogOperation, { on: 'node' }>,
  context: ReduceContext,
): Subject {
  const { node } = operation;
  const find = (): NodeRow | undefined => {
    const [byId] = node.id ? draft.view.nodes.by('id', node.id.toLowerCase()) : [];
    return byId ?? draft.view.nodes.get(nodeKey(node.name));
  };
  return {
    kind: 'Node',
    label: `node "${node.name}"`,
    row: find,
    result: () => ({ on: 'node', row: find() as NodeRow }),
    put: () => void putNode(draft, node, context),
    remove: () => removeNode(draft, node.name, context),
  };
}

function serviceSubject(
  draft: Draft,
  operation: Extract<CatalogOperation, { on: 'service' }>,
  context: ReduceContext,
): Subject {
  const { node, service } = operation;
  const find = () => draft.view.services.get(serviceKey(node, service.id));
  return {
    kind: 'Service',
    label: `service "${service.id}" on node "${node}"`,
    row: find,
    result: () => ({
      on: 'service',
      row: find() ?? refuse('invalid_command', 'Missing service registration'),
    }),
    put: () => {
      const row = requireNode(draft, node);
      if (service.id === '')
        refuse('invalid_command', 'failed inserting service: object missing primary index');
      putService(draft, row, service);
    },
    remove: () => removeService(draft, node, service.id, context),
  };
}

function checkSubject(
  draft: Draft,
  operation: Extract<CatalogOperation, { on: 'check' }>,
  context: ReduceContext,
): Subject {
  const { check } = operation;
  const find = () => draft.view.checks.get(checkKey(check.node, check.id));
  return {
    kind: 'Check',
    label: `check "${check.id}" on node "${check.node}"`,
    row: find,
    result: () => ({ on: 'check', row: find() ?? refuse('invalid_command', 'Missing check registration') }),
    put: () => {
      const row = requireNode(draft, check.node);
      if (check.id === '') refuse('invalid_command', 'failed inserting check: object missing primary index');
      putCheck(draft, row, check, context);
    },
    remove: () => removeCheck(draft, check.node, check.id, context),
  };
}

function subjectOf(draft: Draft, operation: CatalogOperation, context: ReduceContext): Subject {
  if (operation.on === 'node') return nodeSubject(draft, operation, context);
  if (operation.on === 'service') return serviceSubject(draft, operation, context);
  return checkSubject(draft, operation, context);
}

/** Index 0 asks for a thing that is not there yet. */
const holdsIndex = (row: Stamp | undefined, index: ModifyIndex): boolean => (row?.modifyIndex ?? 0) === index;

function runVerb(verb: string, subject: Subject, index: ModifyIndex): readonly TxnResult[] {
  const { kind, label } = subject;
  const row = subject.row();
  switch (verb) {
    case 'get':
      return row ? [subject.result()] : refuse('invalid_command', `${label} doesn't exist`);
    case 'cas':
      if (!holdsIndex(row, index)) refuse('invalid_command', `failed to set ${label}, index is stale`);
      subject.put();
      return [subject.result()];
    case 'set':
      subject.put();
      return [subject.result()];
    case 'delete-cas':
      if (!row || row.modifyIndex !== index)
        refuse('invalid_command', `failed to delete ${label}, index is stale`);
      subject.remove();
      return [];
    case 'delete':
      subject.remove();
      return [];
    default:
      return refuse('invalid_command', `unknown ${kind} verb "${verb}"`);
  }
}

/** Whether the verb may change something; unknown ones count as such. */
export const isCatalogWrite = ({ verb }: CatalogOperation): boolean => verb !== 'get';

/** Refusals that need no state; undefined when there are none. */
export function catalogProblem(operation: CatalogOperation): string | undefined {
  if (operation.verb === 'get') return undefined;
  if (operation.on === 'node') {
    if (operation.node.name === '') return 'Must provide node';
    return operation.node.id === '' || isUuid(operation.node.id)
      ? undefined
      : 'Bad node ID: uuid string is wrong length';
  }
  if (operation.on === 'service' && operation.service.id !== '' && operation.service.name === '')
    return 'Must provide service name with ID';
  return undefined;
}

/** Do one operation on the draft. Throws invalid_command when it does not hold. */
export function runCatalog(
  draft: Draft,
  operation: CatalogOperation,
  context: ReduceContext,
): readonly TxnResult[] {
  return runVerb(operation.verb, subjectOf(draft, operation, context), operation.index);
}
