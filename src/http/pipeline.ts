/**
 * The steps that every operation goes through, in this order, whatever its handler is:
 *
 *     switched off? → tenancy → elsewhere? → who asks? → (read the body) → place → copy is current → authorize → handle → filter
 *
 * Before them stand canonical paths, blocked endpoints and kept answers, after them the wire: dispatch.ts. What a step
 * does follows from what the operation declares beside its handler (route.ts); a new step is a new line here.
 */

import { ALLOW_ALL, type Authorizer, holds, type Right, requireRights } from './access/right.ts';
import { longReply, wholeReply } from './answer/list-reply.ts';
import type { Call, Reply } from './call-and-reply.ts';
import type { HttpParts } from './http-parts.ts';
import { requireReachable } from './place.ts';
import { inNameOf } from './request/origin.ts';
import { requireDefaultTenancy } from './request/tenancy.ts';
import { withoutWaiting } from './request/without-waiting.ts';
import type { Operation, PreparedOperation } from './route.ts';
import { noLeaderReply, untilCurrent } from './until-current.ts';

/** What an operation answers, not filtered yet, and the rights of its asker at that moment. */
interface Performed {
  readonly reply: Reply;
  readonly authorizer: Authorizer;
}

function authorize(operation: Operation, call: Call, parts: HttpParts): Authorizer {
  const { permission } = operation;
  // What needs nothing is answered to everybody, whoever he says he is.
  if (permission.kind === 'open') return ALLOW_ALL;
  const authorizer = parts.authorizerOf(call);
  const rights = 'rights' in permission ? permission.rights : undefined;
  if (!authorizer.isUnlimited && rights !== undefined) requireRights(authorizer, rights(call, parts));
  return authorizer;
}

async function performPrepared(
  operation: PreparedOperation,
  call: Call,
  parts: HttpParts,
): Promise<Performed> {
  const { place, prepare } = operation;
  const prepared = prepare(call, parts);
  const answered = await parts.elsewhere?.(operation, call, prepared.datacenter);
  if (answered !== undefined && answered !== 'here') return { reply: answered, authorizer: ALLOW_ALL };
  requireReachable(place, call, prepared.datacenter, parts);
  const authorizer = parts.authorizerOf(call);
  if (!authorizer.isUnlimited) requireRights(authorizer, prepared.rights());
  return { reply: await prepared.run((right) => holds(authorizer, right)), authorizer };
}

/** Wait until the catalog is as current as is asked; gives the answer to a read while nobody leads. */
async function refusalOfCopy(waiting: Promise<void>, { place }: Operation): Promise<Performed | undefined> {
  try {
    await waiting;
    return undefined;
  } catch (error) {
    const reply = noLeaderReply(error, place);
    if (reply === undefined) throw error;
    return { reply, authorizer: ALLOW_ALL };
  }
}

/** Resolves once it is known who asks; undefined when that is so, or does not matter. */
function unknownAsker({ permission }: Operation, call: Call, parts: HttpParts): Promise<void> | undefined {
  return permission.kind === 'open' ? undefined : parts.knowAsker?.(call);
}

/** Whether the rows of a followed answer were given up since they were brought here. */
function isGivenUp({ followed }: Operation, call: Call, { elsewhere, indexes }: HttpParts): boolean {
  const topic = elsewhere && followed?.(call);
  return topic !== undefined && indexes.of([topic]) === 0;
}

/** Do what a call asks for. Throws whatever a step refuses with. */
export async function perform(operation: Operation, call: Call, given: HttpParts): Promise<Performed> {
  const parts = call.method === 'GET' ? given : inNameOf(call, given);
  const off = operation.whenOff?.(parts.config);
  if (off !== undefined) return { reply: off, authorizer: ALLOW_ALL };
  requireDefaultTenancy(call);
  const elsewhere = parts.elsewhere?.(operation, call);
  const answered = elsewhere && (await elsewhere);
  // Whoever answered has looked at rights and filtered.
  if (answered !== undefined && answered !== 'here') return { reply: answered, authorizer: ALLOW_ALL };
  const unknown = unknownAsker(operation, call, parts);
  if (unknown !== undefined) await unknown;
  if ('prepare' in operation) return performPrepared(operation, call, parts);
  requireReachable(operation.place, call, undefined, parts);
  const waiting = untilCurrent(parts.copy, operation.place, call.method === 'GET', () => call.readOptions);
  const refusal = waiting && (await refusalOfCopy(waiting, operation));
  if (refusal !== undefined) return refusal;
  if (isGivenUp(operation, call, parts)) return perform(operation, call, given);
  const authorizer = authorize(operation, call, parts);
  const answer = operation.handle(call, parts);
  if (!(answer instanceof Promise)) return { reply: answer, authorizer };
  const reply = await answer;
  if (call.method !== 'GET') return { reply, authorizer };
  // A read may have waited for minutes: what counts is what its asker may see now.
  const forgotten = unknownAsker(operation, call, parts);
  if (forgotten !== undefined) await forgotten;
  // They were followed by the right of somebody else, who has lost it; its asker's own may be as good as ever.
  if (isGivenUp(operation, call, parts)) return perform(operation, withoutWaiting(call), given);
  return { reply, authorizer: authorize(operation, call, parts) };
}

/** What of a finished reply its asker may see. */
export function filterReply(
  { permission }: Operation,
  { reply, authorizer }: Performed,
  call: Call,
  parts: HttpParts,
): Reply {
  if (permission.kind !== 'filter') return reply;
  if (authorizer.isUnlimited) return authorizer.isToldOfFiltering ? toldOf(reply, () => false) : reply;
  const asked = new Set<Right['resource']>();
  const may = (right: Right): boolean => {
    asked.add(right.resource);
    return holds(authorizer, right);
  };
  const asker = { may, call, parts };
  // Most filters look at what is there; a list that is still to be made would pass them unseen.
  const filtered =
    reply.list === undefined || permission.filter.takesLongLists
      ? permission.filter(reply, asker)
      : longReply(permission.filter(wholeReply(reply), asker));
  return authorizer.isToldOfFiltering
    ? toldOf(filtered, () => mayHide(authorizer, asked) || reply.isFiltered === true)
    : filtered;
}

/**
 * Whether something that was asked for may be hidden from somebody. Not whether something was: that would tell that there
 * is something.
 */
function mayHide(authorizer: Authorizer, asked: ReadonlySet<Right['resource']>): boolean {
  if (asked.size === 0) return true;
  return [...asked].some((resource) => authorizer.readsAll?.(resource) !== true);
}

/** The reply with a header that says whether something may be left out; of a list that is made later, once it is. */
function toldOf(reply: Reply, isFiltered: () => boolean): Reply {
  const told = (): Record<string, string> => ({
    'X-Consul-Results-Filtered-By-ACLs': String(isFiltered()),
  });
  if (reply.list !== undefined) return { ...reply, lateHeaders: told };
  return { ...reply, headers: { ...reply.headers, ...told() } };
}
