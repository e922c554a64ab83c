/**
 * /v1/status: who leads. One agent leads itself.
 */
import { first } from '../query-values.ts';
import { requireOwnDatacenter } from '../read-options.ts';
import { json } from '../reply.ts';
import type { Handler, Route } from '../route.ts';
import { serverAddress } from '../server-address.ts';

/** The address may be asked for in the own datacenter only. */
function addressHandler(toValue: (address: string) => unknown): Handler {
  return (call, parts) => {
    requireOwnDatacenter(first(call.query, 'dc'), parts);
    return json(toValue(serverAddress(parts)));
  };
}

export const statusRoutes: readonly Route[] = [
  {
    path: '/v1/status/leader',
    operations: {
      GET: { about: 'Address of the leader.', handle: addressHandler((address) => address) },
    },
  },
  {
    path: '/v1/status/peers',
    operations: {
      GET: { about: 'Addresses of all servers.', handle: addressHandler((address) => [address]) },
    },
  },
];
