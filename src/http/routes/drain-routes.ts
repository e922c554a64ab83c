/**
 * /v1/agent/drains: what this agent is letting go. A drain begins with `?drain=` of the maintenance routes.
 */
import { drainsFilter } from '../access/answer-filters.ts';
import { filtered } from '../access/permission.ts';
import { THIS_AGENT } from '../place.ts';
import { json } from '../reply.ts';
import type { Handler, Route } from '../route.ts';

const drains: Handler = (_call, parts) =>
  json(
    parts.drains.list().map(({ serviceId, endsMs, untilCheck, deregister }) => ({
      Node: parts.nodeName,
      ServiceID: serviceId,
      ServiceName: parts.local.services().get(serviceId as never)?.definition.name ?? '',
      Ends: new Date(endsMs).toISOString(),
      UntilCheck: untilCheck,
      Deregister: deregister,
    })),
  );

export const drainRoutes: readonly Route[] = [
  {
    path: '/v1/agent/drains',
    operations: {
      GET: {
        about: 'Drains under way on this agent; one that is over is not in the list.',
        place: THIS_AGENT,
        permission: filtered('service:read of its service, else node:read', drainsFilter),
        handle: drains,
      },
    },
  },
];
