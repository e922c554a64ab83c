/**
 * Why an answer is empty or cut, in one short line: the text of an Extended DNS Error (RFC 8914).
 *
 * Only info codes whose meaning fits are used; health and registration have none, so those are 0 (Other) with the text
 * that matters. explain.ts says the same at length.
 */
import type { Instance } from '../catalog/select.ts';
import { EDNS_OPTION, EXTENDED_ERROR } from '../wire/constants.ts';
import { encodeOption } from '../wire/message-reply.ts';
import type { Answer } from './answer.ts';
import type { Reason } from './outcome.ts';

export interface ExtendedError {
  readonly code: number;
  readonly text: string;
}

const encoder = new TextEncoder();
/** Longer texts are cut: the reply must stay small. */
const MAX_TEXT_BYTES = 120;

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** How many instances were left out, by reason. */
function countsOf(known: readonly Instance[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { verdict } of known) {
    const key = verdict.isIn ? 'in' : verdict.reason;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** "3 instances, 0 passing: 2 critical, 1 maintenance". */
function healthSummary(known: readonly Instance[]): string {
  const counts = countsOf(known);
  const parts = ['critical', 'maintenance', 'warning']
    .map((reason) => ({ reason, count: counts.get(reason) ?? 0 }))
    .filter(({ count }) => count > 0)
    .map(({ reason, count }) => `${count} ${reason}`);
  const tagless = counts.get('tag') ?? 0;
  if (tagless > 0) parts.push(`${tagless} without the tag`);
  const summary = `${plural(known.length, 'instance')}, ${counts.get('in') ?? 0} passing`;
  return parts.length > 0 ? `${summary}: ${parts.join(', ')}` : summary;
}

const SENTENCES: { readonly [R in Reason]?: string } = {
  unknown_service: 'no such service is registered',
  unknown_node: 'no such node is registered',
  unknown_query: 'no such prepared query',
  unknown_address: 'no node or service has this address',
  unknown_datacenter: 'this server knows no such datacenter',
  unknown_peer: 'this server has no such peer',
  unknown_token: 'access control knows no such token',
  invalid_name: 'not a form of name that is answered here',
};

/** Why there is no answer record. */
export function whyEmpty(answer: Pick<Answer, 'reason' | 'known'>): ExtendedError {
  const code = EXTENDED_ERROR.OTHER;
  const { reason, known } = answer;
  if (reason === 'none_healthy') {
    // Where healthy ones are left out, it was a prepared query that did not want them.
    const isChoosy = known.some(({ verdict }) => verdict.isIn);
    return { code, text: `${healthSummary(known)}${isChoosy ? '; the query wants none of them' : ''}` };
  }
  if (reason === 'no_such_tag')
    return { code, text: `${plural(known.length, 'instance')}, none with this tag` };
  if (reason === 'no_such_type' && known.length > 0) {
    return { code, text: `${plural(known.length, 'instance')}, none with a record of this type` };
  }
  return { code, text: SENTENCES[reason] ?? 'the name exists, but has no record of this type' };
}

/** Why fewer records than there are were sent. */
export function whyCut(sent: number, total: number): ExtendedError {
  return { code: EXTENDED_ERROR.OTHER, text: `${sent} of ${total} sent: the rest did not fit` };
}

/** Why recursion failed. */
export function whyNotForwarded(text: string): ExtendedError {
  return { code: EXTENDED_ERROR.NO_REACHABLE_AUTHORITY, text };
}

/** Why nobody elsewhere answered. */
export function whyNoServer(): ExtendedError {
  return { code: EXTENDED_ERROR.NO_REACHABLE_AUTHORITY, text: 'no server can be reached' };
}

/** The error as an EDNS option. RFC 8914 §2. */
export function errorOption({ code, text }: ExtendedError): Uint8Array {
  const words = encoder.encode(text).subarray(0, MAX_TEXT_BYTES);
  const data = new Uint8Array(2 + words.length);
  data.set([code >>> 8, code & 0xff]);
  data.set(words, 2);
  return encodeOption(EDNS_OPTION.EXTENDED_ERROR, data);
}
