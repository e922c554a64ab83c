/**
 * /v1/event: fire and list user events (catalog/event.ts).
 *
 * The index of a list is drawn from its newest event: readers wait until it differs, not until it rises.
 */

import { EVENTS_TOPIC, type EventAudience, indexOfEvents, type UserEvent } from '../../catalog/event.ts';
import { eventsFilter } from '../access/answer-filters.ts';
import { filtered, onRest } from '../access/permission.ts';
import { waitTimeMs } from '../blocking.ts';
import type { Document } from '../documents/row-documents.ts';
import type { HttpParts } from '../http-parts.ts';
import { LEADER, THIS_AGENT } from '../place.ts';
import { json } from '../reply.ts';
import { restOfPath } from '../request/path-name.ts';
import { first } from '../request/query-values.ts';
import { READ_PARAMETERS } from '../request/selectors.ts';
import type { Handler, Route } from '../route.ts';

const EVENT_VERSION = 1;

function eventDocument(event: UserEvent, lamportTime: number): Document {
  return {
    ID: event.id,
    Name: event.name,
    Payload: event.payload.length === 0 ? null : Buffer.from(event.payload).toString('base64'),
    NodeFilter: event.nodeFilter,
    ServiceFilter: event.serviceFilter,
    TagFilter: event.tagFilter,
    Version: EVENT_VERSION,
    LTime: lamportTime,
  };
}

function audienceOf({ local, nodeName }: HttpParts): EventAudience {
  const services = Array.from(local.services().values(), ({ definition }) => definition);
  return { node: nodeName, services };
}

const fire: Handler = (call, parts) => {
  const name = restOfPath(call, 'Missing name');
  const filter = (parameter: string): string => first(call.query, parameter) ?? '';
  const event = parts.events.fire(
    {
      name,
      payload: call.body,
      nodeFilter: filter('node'),
      serviceFilter: filter('service'),
      tagFilter: filter('tag'),
    },
    audienceOf(parts),
  );
  // Its time is known to those who receive it only.
  return json(eventDocument(event, 0));
};

const list: Handler = async (call, parts) => {
  const name = first(call.query, 'name') ?? '';
  const { minIndex, waitMs } = call.readOptions;
  const deadlineMs = parts.clock.monotonic() + waitTimeMs(waitMs, parts);
  let events = parts.events.list(name);
  while (minIndex > 0 && indexOfEvents(events) === minIndex) {
    const remainingMs = deadlineMs - parts.clock.monotonic();
    if (remainingMs <= 0) break;
    if ((await parts.watch.wait([EVENTS_TOPIC], remainingMs, call.signal())) !== 'woken') break;
    events = parts.events.list(name);
  }
  return json(
    events.map((event) => ({
      ...eventDocument(event, event.lamportTime),
      Time: new Date(event.seenMs).toISOString(),
    })),
    { 'X-Consul-Index': String(indexOfEvents(events)) },
  );
};

export const eventRoutes: readonly Route[] = [
  {
    path: '/v1/event/fire/*',
    operations: {
      PUT: {
        about: 'Fire an event; the body is its payload.',
        query: [
          { name: 'node', about: 'Pattern of the nodes that it is for.' },
          { name: 'service', about: 'Pattern of the services that it is for.' },
          { name: 'tag', about: 'Pattern of the tags that it is for; needs service.' },
        ],
        place: LEADER,
        permission: onRest('event', 'write'),
        body: 'bytes',
        handle: fire,
      },
    },
  },
  {
    path: '/v1/event/list',
    operations: {
      GET: {
        about: 'The newest events.',
        place: THIS_AGENT,
        permission: filtered('event:read', eventsFilter),
        query: [...READ_PARAMETERS, { name: 'name', about: 'Only events with this name.' }],
        handle: list,
      },
    },
  },
];
