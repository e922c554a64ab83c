/**
 * Namespaces, partitions and peers in documents. They belong to Consul's enterprise edition and to clusters of clusters;
 * the default ones may be named, because some clients always do. Others are refused, because writing to the wrong one
 * would be worse than an error.
 */
import { refuse } from '../model/errors.ts';
import { type Decoder, described, text } from './json-fields.ts';

/** Whether a name stands for the only namespace and partition that there is. */
export const isDefaultTenancy = (name: string): boolean => name === '' || name.toLowerCase() === 'default';

function only(isTaken: (name: string) => boolean, why: string): Decoder<string> {
  return described(
    () => ({ type: 'string' }),
    (value, place) => {
      const name = text(value, place);
      if (isTaken(name)) return name;
      if (place.style === 'api') return refuse('bad_request', why);
      return refuse('config_invalid', `${place.path}: ${why}`);
    },
  );
}

/** Names a namespace or a partition. Throws for another than the default one. */
export const tenancyText = only(isDefaultTenancy, 'Namespaces and partitions are not supported');

/** Names the cluster that a service was imported from. Throws when there is one. */
export const peerText = only((name) => name === '', 'Peers are not supported');
