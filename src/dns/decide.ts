/**
 * What is done about a question: answered from the catalog, asked from the recursors, or refused with an rcode.
 *
 * The one place that decides it. The responder carries the decision out, explanations tell it, aliases follow it; none
 * of them looks again. Here is also where an outcome that lies elsewhere is dealt with: `elsewhere` says who has the rows; names
 * of a datacenter that nobody can be asked for do not exist. Pure, synchronous, never throws.
 */
import type { Lookup } from '../names/lookup.ts';
import { parse } from '../names/parse-name.ts';
import { RCODE, TYPE } from '../wire/constants.ts';
import type { Query } from '../wire/message.ts';
import { foldedLabels } from '../wire/name.ts';
import type { ElsewherePlace } from './elsewhere.ts';
import { type FoundHere, notFound, type Outcome, type Reason } from './outcome.ts';
import { type ResolveContext, resolve } from './resolve.ts';
import type { Zone } from './zone.ts';

/** What of a query decides. */
export type Question = Pick<Query, 'qname' | 'qtype' | 'edns'>;

export type Decision = { readonly lookup: Lookup } & (
  | { readonly kind: 'answer'; readonly outcome: FoundHere }
  | { readonly kind: 'forward' }
  | { readonly kind: 'elsewhere'; readonly place: ElsewherePlace }
  | {
      readonly kind: 'refuse';
      readonly rcode: number;
      readonly reason: Reason;
      /** AA: we are the ones to know, and this is what we say. */
      readonly isAuthoritative: boolean;
      /** Whether the OPT record is given back. */
      readonly withEdns: boolean;
    }
);

/** Decide about an outcome. `null` is a name that is not ours: it goes to the recursors, if there are any. */
function settle(outcome: Outcome, hasRecursors: boolean): FoundHere | null {
  if (outcome.kind === 'outside') return null;
  if (outcome.kind === 'elsewhere') return notFound('unknown_datacenter');
  const isUnknownAddress = outcome.kind === 'none' && outcome.reason === 'unknown_address';
  return isUnknownAddress && hasRecursors ? null : outcome;
}

/** Whether rows are needed that may be hidden; SOA records and addresses that a name spells are told to everybody. */
function readsCatalog(lookup: Lookup, qtype: number): boolean {
  if (lookup.kind === 'outside' || lookup.kind === 'addr') return false;
  return lookup.kind === 'reverse' || qtype !== TYPE.SOA;
}

/** Nobody knows what may be seen: whoever asks is told that we failed, and may ask another server. */
function unknownToken(lookup: Lookup): Decision {
  const [rcode, reason] = [RCODE.SERVFAIL, 'unknown_token'] as const;
  return { kind: 'refuse', lookup, rcode, reason, isAuthoritative: true, withEdns: true };
}

/** Where a prepared query goes on that has found nothing; undefined when nowhere. */
function failoverOf(outcome: FoundHere, { elsewhere }: ResolveContext): ElsewherePlace | undefined {
  if (outcome.kind !== 'none' || outcome.query === undefined) return undefined;
  const { query } = outcome;
  return elsewhere?.failsOver?.(query) === true ? { kind: 'failover', query, outcome } : undefined;
}

/** Decide what is done about a question. O(instances) for services. */
export function decide({ qname, qtype, edns }: Question, zone: Zone, context: ResolveContext): Decision {
  const lookup = parse(foldedLabels(qname), qtype, zone.names);
  if (edns !== null && edns.version > 0) {
    const [rcode, reason] = [RCODE.BADVERS, 'bad_version'] as const;
    return { kind: 'refuse', lookup, rcode, reason, isAuthoritative: false, withEdns: true };
  }
  if (qtype === TYPE.AXFR && lookup.kind !== 'outside') {
    const [rcode, reason] = [RCODE.NOTIMP, 'not_implemented'] as const;
    return { kind: 'refuse', lookup, rcode, reason, isAuthoritative: true, withEdns: true };
  }
  const place = context.elsewhere?.placeOf(lookup, qtype);
  if (place !== undefined) return { kind: 'elsewhere', lookup, place };
  if (zone.config.rights?.own === null && readsCatalog(lookup, qtype)) return unknownToken(lookup);
  const hasRecursors = zone.config.recursors.length > 0;
  const outcome = settle(resolve(lookup, qtype, context), hasRecursors);
  if (outcome?.kind === 'none' && outcome.reason === 'unknown_token') return unknownToken(lookup);
  const onward = outcome !== null && failoverOf(outcome, context);
  if (onward) return { kind: 'elsewhere', lookup, place: onward };
  if (outcome !== null) return { kind: 'answer', lookup, outcome };
  if (hasRecursors) return { kind: 'forward', lookup };
  const [rcode, reason] = [RCODE.REFUSED, 'outside_zone'] as const;
  return { kind: 'refuse', lookup, rcode, reason, isAuthoritative: false, withEdns: false };
}
