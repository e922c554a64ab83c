/**
 * /v1/agent/profile: where the agent spends its time or its memory, for those who look for a fault. Off unless `enable_debug`,
 * because a profile costs time, and says more of the inside than strangers need.
 */
import { parseDuration } from '../../lib/duration.ts';
import { AppError } from '../../model/errors.ts';
import { onAll } from '../access/permission.ts';
import { THIS_AGENT } from '../place.ts';
import { json } from '../reply.ts';
import { first } from '../request/query-values.ts';
import type { Handler, Route } from '../route.ts';

const DEFAULT_MS = 10_000;
const MAX_MS = 30_000;

const profile: Handler = async ({ query }, { takeProfile }) => {
  if (takeProfile === undefined)
    throw new AppError('forbidden', 'Profiles are off: enable_debug switches them on');
  const kind = first(query, 'type') || 'cpu';
  if (kind !== 'cpu' && kind !== 'heap') throw new AppError('bad_request', 'type must be cpu or heap');
  const text = first(query, 'duration');
  const ms = text ? parseDuration(text) : DEFAULT_MS;
  if (ms === undefined || ms <= 0 || ms > MAX_MS)
    throw new AppError('bad_request', 'duration must be between 1ms and 30s');
  const taken = await takeProfile(kind, ms);
  if (taken === undefined)
    throw new AppError('over_budget', 'Another profile is being made, try again later');
  return json(taken);
};

export const agentProfileRoutes: readonly Route[] = [
  {
    path: '/v1/agent/profile',
    operations: {
      GET: {
        about:
          'Where the agent spends its time (`type=cpu`) or memory (`type=heap`) for a `duration`, in V8’s format; with `enable_debug` only.',
        place: THIS_AGENT,
        permission: onAll('operator', 'read'),
        handle: profile,
      },
    },
  },
];
