/**
 * Namespaces and partitions belong to Consul's enterprise edition. The default ones may be named, because some
 * clients always do; others are refused, because answering for the wrong one would be worse than no answer.
 */
import { type Decoder, text } from '../../decode/json-fields.ts';
import { AppError } from '../../model/errors.ts';
import type { Call } from '../route.ts';
import { first } from './query-values.ts';

const TENANCY = [
  { parameter: 'ns', headerName: 'X-Consul-Namespace', what: 'Namespaces' },
  { parameter: 'partition', headerName: 'X-Consul-Partition', what: 'Partitions' },
] as const;

const isDefault = (name: string): boolean => name === '' || name.toLowerCase() === 'default';

/** A field of a document that names a namespace or a partition. Throws bad_request for another than the default one. */
export const tenancyText: Decoder<string> = (value, place) => {
  const name = text(value, place);
  if (!isDefault(name)) throw new AppError('bad_request', 'Namespaces and partitions are not supported');
  return name;
};

/** Refuse a call for another namespace or partition than the default one. Throws bad_request. */
export function requireDefaultTenancy({ query, headers }: Call): void {
  for (const { parameter, headerName, what } of TENANCY) {
    const fromHeader = headers[headerName.toLowerCase()];
    const given = first(query, parameter);
    const name = given ?? (typeof fromHeader === 'string' ? fromHeader : '');
    if (isDefault(name)) continue;
    const where = given === undefined ? `header: "${headerName}"` : `query parameter: "${parameter}"`;
    throw new AppError(
      'bad_request',
      `Bad request: Invalid ${where} - ${what} are a Consul Enterprise feature`,
    );
  }
}
