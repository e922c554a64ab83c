/**
 * /v1/status: who leads, and who the servers are; answered from memory, also while nobody leads.
 */

import { open } from '../access/permission.ts';
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
        about: 'Address of the leader; empty while there is none.',
        place: ANY_SERVER,
        permission,
        handle: (_call, { cluster }) => json(cluster.standing().leaderAddress),
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
        handle: (_call, { cluster }) => json(cluster.servers().map(({ address }) => address)),
      },
    },
  },
];
