/**
 * /health/live and /health/ready, for orchestrators: does the process answer, and should it get requests.
 *
 * Ready means: the catalog is loaded and the agent is not on its way out. It is answered from memory; a full disk makes
 * writes fail but leaves reads and DNS as they are, so it does not make the agent unready.
 */
import { open } from '../access/permission.ts';
import { THIS_AGENT } from '../place.ts';
import { json } from '../reply.ts';
import type { Route } from '../route.ts';

const permission = open('orchestrators have no token');

export const aliveRoutes: readonly Route[] = [
  {
    path: '/health/live',
    operations: {
      GET: {
        about: 'Whether the process answers.',
        place: THIS_AGENT,
        permission,
        handle: () => json({ Status: 'alive' }),
      },
    },
  },
  {
    path: '/health/ready',
    operations: {
      GET: {
        about: 'Whether the agent should get requests: 503 while it leaves or ends.',
        place: THIS_AGENT,
        permission,
        handle: (_call, { isReady, state }) =>
          isReady()
            ? json({ Status: 'ready', Index: state.index })
            : { ...json({ Status: 'ending' }), status: 503 },
      },
    },
  },
];
