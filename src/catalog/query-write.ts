/**
 * Writing prepared queries: what is refused, with Consul's texts.
 *
 * Names are unique without regard to case and never equal to another query's id; a template may have the empty name.
 */
import { parseDuration } from '../lib/duration.ts';
import { explainDuration } from '../lib/go-text.ts';
import { refuse } from '../model/errors.ts';
import type { QueryDocument, QueryRow, StringMap } from '../model/types.ts';
import { UNSTAMPED } from '../model/types.ts';
import type { DeleteQueryCommand, PutQueryCommand, Unstamped } from './command.ts';
import type { Draft } from './draft.ts';
import { requireTemplate } from './query-template.ts';
import type { ReduceContext } from './reduce-context.ts';
import { isUuid, requireUuid } from './session-lookup.ts';
import { queryNameKey, type View } from './tables.ts';

/** What a token is shown as to those who may not see it; nobody means to set that. */
const HIDDEN_TOKEN = '<hidden>';
const MAX_META_KEY_LENGTH = 128;
const MAX_META_VALUE_LENGTH = 512;

function metaKeyProblem(key: string): string | undefined {
  if (key === '') return 'Key cannot be blank';
  if (!/^[A-Za-z0-9_-]+$/.test(key)) return 'Key contains invalid characters';
  return key.length > MAX_META_KEY_LENGTH ? 'Key is too long (limit: 128 characters)' : undefined;
}

function metaProblem(meta: StringMap | null): string | undefined {
  for (const [key, value] of Object.entries(meta ?? {})) {
    const problem =
      metaKeyProblem(key) ??
      (value.length > MAX_META_VALUE_LENGTH ? 'Value is too long (limit: 512 characters)' : undefined);
    if (problem !== undefined) return `Couldn't load metadata pair ('${key}', '${value}'): ${problem}`;
  }
  return undefined;
}

function ttlProblem(ttl: string): string | undefined {
  if (ttl === '') return undefined;
  const ms = parseDuration(ttl);
  if (ms === undefined) return `Bad DNS TTL '${ttl}': ${explainDuration(ttl)}`;
  return ms < 0 ? `DNS TTL '${Math.round(ms * 1e6)}', must be >=0` : undefined;
}

function serviceProblem({ Service, Failover, NodeMeta }: QueryDocument['Service']): string | undefined {
  if (Service === '') return 'Must provide a Service name to query';
  if (Failover.NearestN < 0) return `Bad NearestN '${Failover.NearestN}', must be >= 0`;
  if (Failover.Targets && (Failover.NearestN !== 0 || Failover.Datacenters?.length))
    return 'Targets cannot be populated with NearestN or Datacenters';
  return metaProblem(NodeMeta);
}

function problemOf({ name, session, document }: Unstamped<QueryRow>): string | undefined {
  if (document.Token === HIDDEN_TOKEN)
    return `Bad Token '${HIDDEN_TOKEN}', it looks like a query definition with a redacted token was submitted`;
  if (name === '' && document.Template.Type === '' && session === '') return 'Must be bound to a session';
  return serviceProblem(document.Service) ?? ttlProblem(document.DNS.TTL);
}

function requireFreeName(view: View, { id, name, isTemplate }: Unstamped<QueryRow>): void {
  if (name === '') {
    for (const other of isTemplate ? view.queries.by('template', '') : [])
      if (other.id !== id) refuse('invalid_command', 'a query template with an empty name already exists');
    return;
  }
  for (const other of view.queries.by('name', queryNameKey(name)))
    if (other.id !== id) refuse('invalid_command', `name '${name}' aliases an existing query name`);
  if (isUuid(name) && view.queries.get(name.toLowerCase()))
    refuse('invalid_command', `name '${name}' aliases an existing query ID`);
}

function requireSession(view: View, session: string): void {
  if (session === '') return;
  if (session.length !== 36)
    refuse('invalid_command', 'invalid session: index error: UUID must be 36 characters');
  if (!view.sessions.get(session.toLowerCase()))
    refuse('invalid_command', `invalid session ${JSON.stringify(session)}`);
}

/** Refuse an id that no query has. */
function requireExisting(view: View, id: string): void {
  if (id.length !== 36)
    refuse(
      'invalid_command',
      'Prepared Query lookup failed: failed prepared query lookup: index error: UUID must be 36 characters',
    );
  if (!view.queries.get(id.toLowerCase()))
    refuse('invalid_command', `Cannot modify non-existent prepared query: '${id}'`);
}

/** Reducer of `query-put`. */
export function putQuery(draft: Draft, { query }: PutQueryCommand, { random }: ReduceContext): string {
  if (query.id !== '') requireExisting(draft.view, query.id);
  const problem = problemOf(query);
  if (problem !== undefined) refuse('invalid_command', `Invalid prepared query: ${problem}`);
  const id = query.id === '' ? random.uuid() : query.id.toLowerCase();
  const row = { ...UNSTAMPED, ...query, id, session: query.session.toLowerCase() };
  requireFreeName(draft.view, row);
  requireSession(draft.view, query.session);
  requireTemplate(row);
  draft.put('queries', row);
  return id;
}

/** Reducer of `query-delete`. */
export function deleteQuery(draft: Draft, { id }: DeleteQueryCommand): true {
  requireExisting(draft.view, id);
  draft.remove('queries', id.toLowerCase());
  return true;
}

/** The query with this id, or undefined. Throws invalid_command for what is no UUID. */
export function queryById(view: View, id: string): QueryRow | undefined {
  requireUuid(id, 'prepared query');
  return view.queries.get(id.toLowerCase());
}
