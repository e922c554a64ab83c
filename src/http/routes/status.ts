/**
 * /v1/status: who leads. One agent leads itself.
 */
import { json } from '../reply.ts';
import type { Route } from '../route.ts';
import { serverAddress } from '../server-address.ts';

export const statusRoutes: readonly Route[] = [
  {
    path: '/v1/status/leader',
    operations: {
      GET: { about: 'Address of the leader.', handle: (_call, parts) => json(serverAddress(parts)) },
    },
  },
  {
    path: '/v1/status/peers',
    operations: {
      GET: { about: 'Addresses of all servers.', handle: (_call, parts) => json([serverAddress(parts)]) },
    },
  },
];
