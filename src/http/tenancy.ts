/**
 * Namespaces and partitions belong to the reference's enterprise edition. The default ones may be named, because some
 * clients always do; others are refused, because answering for the wrong one would be worse than no answer.
 */
import { type Decoder, text } from '../local/json-fields.ts';
import { AppError } from '../model/errors.ts';
import { first } from './query-values.ts';
import type { Call } from './route.ts';

const TENANCY = [
  { parameter: 'ns', header: 'x-consul-namespace', what: 'Namespaces' },
  { parameter: 'partition', header: 'x-consul-partition', what: 'Partitions' },
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
  for (const { parameter, header, what } of TENANCY) {
    const fromHeader = headers[header];
    const name = first(query, parameter) ?? (typeof fromHeader === 'string' ? fromHeader : '');
    if (!isDefault(name))
      throw new AppError(
        'bad_request',
        `Bad request: Invalid query parameter: "${parameter}" - ${what} are a Consul Enterprise feature`,
      );
  }
}
