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
export async function whileAllowed(call: Call, parts: HttpParts, right: Right): Promise<void> {
  const signal = call.signal();
  while (!signal.aborted && (await isAllowed(call, parts, right)))
    if ((await parts.watch.wait(TOPICS, LOOK_MS, signal)) === 'abandoned') return;
}
