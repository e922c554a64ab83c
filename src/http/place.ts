/**
 * Where an operation is answered: by this agent, whatever it knows of others, or by the catalog that all agents of a
 * datacenter share. What an agent has not got itself is answered elsewhere (elsewhere-port.ts); a datacenter that nobody can
 * be asked for is refused by `requireReachable`, and how current the catalog must be is seen to by until-current.ts. No
 * handler asks again.
 *
 * `consistency` is how current the catalog must be: `as asked` by the parameters of a read, `leader` for writes and for
 * what only the leader knows, `any` for what every server may say. `datacenter` is how another one is named.
 */
import { AppError } from '../model/errors.ts';
import type { Call } from './call-and-reply.ts';
import type { HttpParts } from './http-parts.ts';
import { first } from './request/query-values.ts';

export type Place =
  | { readonly at: 'agent' }
  | {
      readonly at: 'catalog';
      readonly consistency: 'as asked' | 'leader' | 'any';
      /** `?dc=`, a field of the body, or none can be named: `?dc=` means nothing then. */
      readonly datacenter: 'query' | 'body' | 'own';
    };

/** This agent answers for itself. */
export const THIS_AGENT: Place = { at: 'agent' };

/** A read of the catalog, with the consistency that its caller asks for. */
export const CATALOG_READ: Place = { at: 'catalog', consistency: 'as asked', datacenter: 'query' };

/** A write to the catalog, or a read that only the leader can answer. */
export const LEADER: Place = { at: 'catalog', consistency: 'leader', datacenter: 'query' };

/** As LEADER; the body names the datacenter. */
export const LEADER_BY_BODY: Place = { at: 'catalog', consistency: 'leader', datacenter: 'body' };

/** As LEADER; always in the own datacenter. */
export const OWN_LEADER: Place = { at: 'catalog', consistency: 'leader', datacenter: 'own' };

/** What any server of a datacenter knows. */
export const ANY_SERVER: Place = { at: 'catalog', consistency: 'any', datacenter: 'query' };

/** What any server of the own datacenter knows. */
export const ANY_OWN_SERVER: Place = { at: 'catalog', consistency: 'any', datacenter: 'own' };

/** A place in words, for the API's pages. */
export function placeText(place: Place): string {
  if (place.at === 'agent') return 'agent';
  const where = place.datacenter === 'own' ? '' : place.datacenter === 'query' ? ', `dc`' : ', `Datacenter`';
  return `catalog (${place.consistency})${where}`;
}

/**
 * Refuse an operation that is to be done where there is no way to. `named` is what the body names. Parameters of a read
 * that make no sense are refused first, as in Consul. Throws unknown_datacenter and bad_request.
 */
export function requireReachable(
  place: Place,
  call: Call,
  named: string | undefined,
  { datacenter: own }: Pick<HttpParts, 'datacenter'>,
): void {
  if (place.at === 'agent') return;
  if (place.consistency === 'as asked') void call.readOptions;
  if (place.datacenter === 'own') return;
  const asked = place.datacenter === 'body' ? named : first(call.query, 'dc');
  if (asked && asked !== own) throw new AppError('unknown_datacenter', 'No path to datacenter');
}
