/**
 * The pure step: a view and a command in, the changes and the result out. Nothing is stored or installed here.
 *
 * To add a command: its type in command.ts, its reducer, one row in REDUCERS. A reducer writes to the draft and
 * throws AppError to refuse; the draft is then thrown away, so a refusal changes nothing.
 */
import { UNSTAMPED } from '../model/types.ts';
import { ACL_REDUCERS } from './acl-reduce.ts';
import type { AllCommand, Command, Results, SettingCommand } from './command.ts';
import { putCoordinates } from './coordinate.ts';
import { Draft } from './draft.ts';
import { kv } from './kv.ts';
import type { Rules } from './opened-store.ts';
import { deleteQuery, putQuery } from './query-write.ts';
import { type ReduceContext, type Reduced, type ResultOrReader, readResult } from './reduce-context.ts';
import { checkStatus, deregister, register } from './register.ts';
import { createSession, destroySession } from './session.ts';
import { restore } from './snapshot.ts';
import { type CatalogKinds, TABLES, type View } from './tables.ts';
import { topicsOf } from './topics.ts';
import { txn } from './txn.ts';

type Reducer<Kind extends Command['kind']> = (
  draft: Draft,
  command: Extract<Command, { kind: Kind }>,
  context: ReduceContext,
) => ResultOrReader<Results[Kind]>;

const REDUCERS: { readonly [Kind in Command['kind']]: Reducer<Kind> } = {
  register,
  deregister,
  'check-status': checkStatus,
  coordinates: putCoordinates,
  setting: (draft, { name, value, ifIndex }: SettingCommand) => {
    if (ifIndex !== undefined && (draft.view.settings.get(name)?.modifyIndex ?? 0) !== ifIndex) return false;
    if (value === null) draft.remove('settings', name);
    else draft.put('settings', { ...UNSTAMPED, name, value });
    return true;
  },
  kv,
  'session-create': createSession,
  'session-destroy': destroySession,
  txn,
  'query-put': putQuery,
  'query-delete': deleteQuery,
  restore,
  ...ACL_REDUCERS,
  all: (draft, { commands }: AllCommand, context) => {
    const results = commands.map((command) => runReducer(draft, command, context));
    return (installed) => results.map((result) => readResult(result, installed));
  },
};

function runReducer(draft: Draft, command: Command, context: ReduceContext): ResultOrReader<unknown> {
  const reducer = REDUCERS[command.kind] as Reducer<Command['kind']>;
  return reducer(draft, command as never, context);
}

/** Reduce one command against a view. Throws AppError when the command is refused. */
export function reduce(view: View, command: Command, context: ReduceContext): Reduced {
  const draft = new Draft(view, TABLES);
  const result = runReducer(draft, command, context);
  return { changes: draft.changes, result };
}

/** What makes a store the catalog. */
export const CATALOG_RULES: Rules<CatalogKinds, Command> = { specs: TABLES, reduce, topicsOf };
