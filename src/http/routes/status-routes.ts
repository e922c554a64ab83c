/**
 * /v1/status: who leads. One agent leads itself.
 */

import { open } from '../access/permission.ts';
import { serverAddress } from '../documents/server-address.ts';
import { ANY_SERVER } from '../place.ts';
import { json } from '../reply.ts';
import type { Route } from '../route.ts';

/** Clients find their cluster with it, also before they have a token. */
const permission = open('where the servers are is asked for before there is a token');

export const statusRoutes: readonly Route[] = [
  {
    path: '/v1/status/leader',
    operations: {
      GET: {
        about: 'Address of the leader.',
        place: ANY_SERVER,
        permission,
        handle: (_call, parts) => json(serverAddress(parts)),
      },
    },
  },
  {
    path: '/v1/status/peers',
    operations: {
      GET: {
        about: 'Addresses of all servers.',
        place: ANY_SERVER,
        permission,
        handle: (_call, parts) => json([serverAddress(parts)]),
      },
    },
  },
];
