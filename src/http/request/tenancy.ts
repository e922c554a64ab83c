/**
 * Namespaces and partitions belong to Consul's enterprise edition. The default ones may be named, because some
 * clients always do; others are refused, because answering for the wrong one would be worse than no answer. Fields of
 * documents are decode/tenancy-text.ts's.
 */
import { isDefaultTenancy } from '../../decode/tenancy-text.ts';
import { AppError } from '../../model/errors.ts';
import type { Call } from '../call-and-reply.ts';
import { first } from './query-values.ts';

const TENANCY = [
  { parameter: 'ns', headerName: 'X-Consul-Namespace', what: 'Namespaces' },
  { parameter: 'partition', headerName: 'X-Consul-Partition', what: 'Partitions' },
] as const;

/** Request headers that name a tenancy, as Node spells them. */
export const TENANCY_HEADERS: readonly string[] = TENANCY.map(({ headerName }) => headerName.toLowerCase());

/** Refuse a call for another namespace or partition than the default one. Throws bad_request. */
export function requireDefaultTenancy({ query, headers }: Call): void {
  for (const { parameter, headerName, what } of TENANCY) {
    const fromHeader = headers[headerName.toLowerCase()];
    const given = first(query, parameter);
    const name = given ?? (typeof fromHeader === 'string' ? fromHeader : '');
    if (isDefaultTenancy(name)) continue;
    const where = given === undefined ? `header: "${headerName}"` : `query parameter: "${parameter}"`;
    throw new AppError(
      'bad_request',
      `Bad request: Invalid ${where} - ${what} are a Consul Enterprise feature`,
    );
  }
}
