/**
 * The answer to a query that is answered from the catalog, and the host names that somebody else has to be asked for first.
 *
 * Used by the responder, which asks for them and answers again, and by explanations, which only name them.
 */
import type { Query, ResourceRecord } from '../wire/message.ts';
import { type Answer, makeAnswer } from './answer.ts';
import { type FetchedHosts, hostKey, makeHosts, type WantedHost } from './hosts.ts';
import type { FoundHere } from './outcome.ts';
import type { ResolveContext } from './resolve.ts';
import type { Zone } from './zone.ts';

/** Records of one host name for a client without EDNS. */
const MAX_HOST_RECORDS = 5;

export interface AnswerParts {
  readonly zone: Zone;
  readonly context: ResolveContext;
  /** A number in [0, 1): which of several host names is the alias. The same one gives the same answer. */
  readonly pick: number;
  /** What was asked elsewhere already. */
  readonly fetched: FetchedHosts;
}

export interface LocalAnswer {
  readonly answer: Answer;
  /** Host names elsewhere that the answer needs; none when there is nobody to ask. */
  readonly wanted: readonly WantedHost[];
}

/** What is answered to `query`, with what is known about host names elsewhere. O(instances). */
export function localAnswer(query: Query, outcome: FoundHere, parts: AnswerParts): LocalAnswer {
  const { zone, context, pick, fetched } = parts;
  const { qname, qtype } = query;
  const wanted: WantedHost[] = [];
  const canAsk = zone.config.recursors.length > 0;
  const outside = (host: string, type: number): readonly ResourceRecord[] => {
    const records = fetched.get(hostKey(host, type));
    if (records === undefined && canAsk) wanted.push({ host, qtype: type });
    return records ?? [];
  };
  const maxRecords = query.edns === null ? MAX_HOST_RECORDS : Number.POSITIVE_INFINITY;
  const hosts = makeHosts({ zone, context, pick, maxRecords, outside });
  return { answer: makeAnswer(outcome, { zone, qname, qtype, hosts, pick }), wanted };
}
