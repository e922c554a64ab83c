/**
 * Sessions: the things that hold locks, and live only as long as their node and their checks do.
 *
 * A session that ends lets go of its keys (or deletes them), keeps their locks free for its lock delay, and takes its
 * prepared queries with it. Checks of the type `session` follow it by name. TTLs are watched by session-timers.ts; here a session only ends when it is told to.
 */
import { formatDuration, parseDuration } from '../lib/duration.ts';
import { explainDuration } from '../lib/go-text.ts';
import { refuse } from '../model/errors.ts';
import type { CheckId, CheckRow, CheckStatus, SessionId, SessionRow } from '../model/types.ts';
import { UNSTAMPED } from '../model/types.ts';
import type { CreateSessionCommand, DestroySessionCommand } from './command.ts';
import type { Draft } from './draft.ts';
import { delayLocks } from './lock-delay.ts';
import type { ReduceContext } from './reduce-context.ts';
import { sessionById } from './session-lookup.ts';
import { checkKey, followedSession, nodeKey, type View } from './tables.ts';

/** Longest TTL that a session may ask for. */
const MAX_TTL_MS = 24 * 3_600_000;

/** `release` when nothing is given. Throws invalid_command. */
export function parseBehavior(text: string): SessionRow['behavior'] {
  if (text === '' || text === 'release') return 'release';
  return text === 'delete' ? 'delete' : refuse('invalid_command', `Invalid Behavior setting '${text}'`);
}

/** Refuse a TTL that is no duration, below `minMs` or above a day; '' and zero are none. */
export function requireTtl(ttl: string, minMs: number): void {
  if (ttl === '') return;
  const ms = parseDuration(ttl);
  if (ms === undefined) refuse('invalid_command', `Session TTL '${ttl}' invalid: ${explainDuration(ttl)}`);
  if (ms === 0 || (ms >= minMs && ms <= MAX_TTL_MS)) return;
  const range = `[${formatDuration(minMs)}=${formatDuration(MAX_TTL_MS)}]`;
  refuse('invalid_command', `Invalid Session TTL '${Math.round(ms * 1e6)}', must be between ${range}`);
}

function checksOf(session: Pick<SessionRow, 'nodeChecks' | 'checks' | 'serviceChecks'>): readonly string[] {
  const services = session.serviceChecks?.map(({ id }) => id) ?? [];
  return [...session.checks, ...session.nodeChecks, ...services];
}

/** Why a session cannot live; undefined when it can. */
function problemOf(view: View, session: CreateSessionCommand['session']): string | undefined {
  if (session.node === '') return 'Must provide Node';
  if (!view.nodes.get(nodeKey(session.node))) return 'Missing node registration';
  for (const id of checksOf(session)) {
    const check = view.checks.get(checkKey(session.node, id));
    if (!check) return `Missing check '${id}' registration`;
    if (check.status === 'critical') return `Check '${id}' is in critical state`;
  }
  return undefined;
}

/** Reducer of `session-create`; gives the id of the new session. */
export function createSession(
  draft: Draft,
  { session }: CreateSessionCommand,
  context: ReduceContext,
): SessionId {
  const problem = problemOf(draft.view, session);
  if (problem !== undefined) refuse('invalid_command', problem);
  const node = draft.view.nodes.get(nodeKey(session.node))?.name ?? session.node;
  const id = context.random.uuid() as SessionId;
  const row = { ...UNSTAMPED, ...session, id, node };
  draft.put('sessions', row);
  reportToChecks(draft, row, { status: 'passing', output: `Session '${id}' in force` }, context.nowMs);
  return id;
}

const sessionsNamed = (view: View, node: string, name: string): readonly SessionRow[] =>
  [...view.sessions.by('node', nodeKey(node))].filter((session) => session.name === name);

/** Whether a session of this name is alive, for a check that follows one; undefined for all other checks. */
export function statusOfFollowedSession(
  view: View,
  check: Pick<CheckRow, 'node' | 'type' | 'definition'>,
): CheckStatus | undefined {
  const name = followedSession(check);
  if (name === undefined) return undefined;
  return sessionsNamed(view, check.node, name).length > 0 ? 'passing' : 'critical';
}

/** Tell the checks that follow sessions of this name how one of them is. */
function reportToChecks(
  draft: Draft,
  { node, name }: SessionRow,
  state: Pick<CheckRow, 'status' | 'output'>,
  nowMs: number,
): void {
  for (const check of [...draft.view.checks.by('followedSession', checkKey(node, name))]) {
    draft.put('checks', { ...check, ...state });
    if (state.status === 'critical') endSessionsOfCheck(draft, node, check.id, nowMs);
  }
}

function letGoOfKeys(draft: Draft, session: SessionRow, nowMs: number): void {
  const held = [...draft.view.kv.by('session', session.id)];
  for (const row of held) {
    if (session.behavior === 'delete') draft.remove('kv', row.key);
    else draft.put('kv', { ...row, session: '' });
  }
  delayLocks(
    draft,
    held.map(({ key }) => key),
    session.lockDelayMs,
    nowMs,
  );
}

function endSession(draft: Draft, session: SessionRow, nowMs: number): void {
  if (!draft.remove('sessions', session.id)) return;
  letGoOfKeys(draft, session, nowMs);
  for (const query of [...draft.view.queries.by('session', session.id)]) draft.remove('queries', query.id);
  const [follower] = draft.view.checks.by('followedSession', checkKey(session.node, session.name));
  if (!follower || sessionsNamed(draft.view, session.node, session.name).length > 0) return;
  const output = `Session '${session.id}' is invalid`;
  reportToChecks(draft, session, { status: 'critical', output }, nowMs);
}

/** Reducer of `session-destroy`. What is not there is not missed. */
export function destroySession(draft: Draft, { id }: DestroySessionCommand, { nowMs }: ReduceContext): true {
  const session = sessionById(draft.view, id);
  if (session) endSession(draft, session, nowMs);
  return true;
}

/** End the sessions that live with this check. */
export function endSessionsOfCheck(draft: Draft, node: string, check: CheckId, nowMs: number): void {
  const ended = [...draft.view.sessions.by('check', checkKey(node, check))];
  for (const session of ended) endSession(draft, session, nowMs);
}

/** End all sessions of a node. */
export function endSessionsOfNode(draft: Draft, node: string, nowMs: number): void {
  for (const session of [...draft.view.sessions.by('node', nodeKey(node))]) endSession(draft, session, nowMs);
}

/** End the sessions that could not begin now, because their node or a check of theirs is not what it was. */
export function endBrokenSessions(draft: Draft, nowMs: number): void {
  for (const session of [...draft.view.sessions.values()])
    if (problemOf(draft.view, session) !== undefined) endSession(draft, session, nowMs);
}
