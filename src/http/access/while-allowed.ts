/**
 * Answers that go on for as long as their asker likes end when the asker loses the right to them: a token that was deleted,
 * has expired or gives less now hears no more.
 *
 * It is looked at whenever rows of access control change, and every few seconds, because nothing tells of a token whose time
 * is over, nor a client agent of what changes on the servers.
 */
import { aclTopic } from '../../catalog/topics.ts';
import { AppError } from '../../model/errors.ts';
import type { Call } from '../call-and-reply.ts';
import type { HttpParts } from '../http-parts.ts';
import { type Right, requireRights } from './right.ts';

const LOOK_MS = 5_000;
const TOPICS = [aclTopic('aclTokens'), aclTopic('aclPolicies'), aclTopic('aclRoles')];

async function isAllowed(call: Call, parts: HttpParts, right: Right): Promise<boolean> {
  await parts.knowAsker?.(call);
  try {
    requireRights(parts.authorizerOf(call), [right]);
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}

/** Resolves once the asker has no right any more, or the call is over. */
async function whileAllowed(call: Call, parts: HttpParts, right: Right): Promise<void> {
  const signal = call.signal();
  while (!signal.aborted && (await isAllowed(call, parts, right)))
    if ((await parts.watch.wait(TOPICS, LOOK_MS, signal)) === 'abandoned') return;
}

/**
 * Has `stop` called, once, when the call is over or its asker has no right any more. The result does so at any other time, and
 * may be called again and again.
 */
export function stopsWithRight(call: Call, parts: HttpParts, right: Right, stop: () => void): () => void {
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    stop();
  };
  const signal = call.signal();
  signal.addEventListener('abort', end);
  // Who hung up before this answer began is not told of by the signal any more.
  if (signal.aborted) end();
  else if (parts.acl !== undefined) void whileAllowed(call, parts, right).then(end, end);
  return end;
}
