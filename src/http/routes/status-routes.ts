/**
 * /v1/status: who leads. One agent leads itself.
 */

import { serverAddress } from '../documents/server-address.ts';
import { json } from '../reply.ts';
import { first } from '../request/query-values.ts';
import { requireOwnDatacenter } from '../request/read-options.ts';
import type { Handler, Route } from '../route.ts';

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
