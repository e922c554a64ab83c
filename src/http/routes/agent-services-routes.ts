/**
 * /v1/agent/service…: what this agent was asked to keep registered, and how it is doing.
 */

import { createHash } from 'node:crypto';
import { decodeService } from '../../decode/definitions.ts';
import { SERVICE_FIELDS } from '../../filter/fields.ts';
import { nextTurn } from '../../lib/fair-turns.ts';
import { LOCAL_SERVICES_TOPIC, localServiceTopic } from '../../local/agent-rules.ts';
import { AppError } from '../../model/errors.ts';
import type { ServiceDefinition, ServiceId } from '../../model/types.ts';
import { ownServicesFilter } from '../access/answer-filters.ts';
import { byBody, filtered, needing, type Permission } from '../access/permission.ts';
import { ownServiceRights } from '../access/row-rights.ts';
import { serviceRights } from '../access/write-rights.ts';
import { mapReply } from '../answer/list-reply.ts';
import { waitTimeMs } from '../blocking.ts';
import type { Call, Reply } from '../call-and-reply.ts';
import { toJson } from '../documents/go-json.ts';
import { agentServiceDocument, type Document } from '../documents/row-documents.ts';
import type { HttpParts } from '../http-parts.ts';
import { THIS_AGENT } from '../place.ts';
import { EMPTY, json, text } from '../reply.ts';
import { followMark, requireCheckOfDrain } from '../request/begin-drain.ts';
import { checkDefaults } from '../request/check-defaults.ts';
import { filterOf } from '../request/filter-parameter.ts';
import {
  DEREGISTER_PARAMETER,
  MAINTENANCE_PARAMETERS,
  maintenanceOf,
} from '../request/maintenance-parameters.ts';
import { restOfPath } from '../request/path-name.ts';
import { first } from '../request/query-values.ts';
import { registrationBody, registrationMaxBytes } from '../request/registration-body.ts';
import { FILTER_PARAMETER } from '../request/selectors.ts';
import type { Handler, Prepare, Route } from '../route.ts';

/** Reading a body that is larger has taken long enough for one turn. */
const LARGE_BYTES = 64 * 1024;

const REGISTRY_TOPICS = [LOCAL_SERVICES_TOPIC] as const;

/** What was registered with this agent; its own service is not. */
function registered({ local }: HttpParts): readonly ServiceDefinition[] {
  return [...local.services().values()]
    .filter(({ source }) => source !== 'agent')
    .map(({ definition }) => definition);
}

const services: Handler = (call, parts) => {
  const isSelected = filterOf(call, SERVICE_FIELDS);
  const documentOf = (definition: ServiceDefinition): Document =>
    agentServiceDocument(definition, parts.datacenter);
  const reply = mapReply({ rows: registered(parts), documentOf, isSelected }, ({ id }) => id);
  return { ...reply, topics: REGISTRY_TOPICS, index: parts.indexes.of(REGISTRY_TOPICS) };
};

interface Hashed {
  readonly document: Document;
  readonly hash: string;
}

function hashed(parts: HttpParts, id: string): Hashed {
  const row = parts.local.services().get(id as ServiceId);
  if (row === undefined || row.source === 'agent')
    throw new AppError('not_found', `unknown service ID: ${id}`);
  const document = agentServiceDocument(row.definition, parts.datacenter);
  const hash = createHash('sha256').update(toJson(document, false)).digest('hex').slice(0, 16);
  return { document, hash };
}

/** Wait until the service's hash is another than `hash`, it goes, or the time is over. */
async function waitForOtherHash(call: Call, parts: HttpParts, id: string, hash: string): Promise<void> {
  const { clock, watch } = parts;
  const deadlineMs = clock.monotonic() + waitTimeMs(call.readOptions.waitMs, parts);
  while (hashed(parts, id).hash === hash) {
    const remainingMs = deadlineMs - clock.monotonic();
    const end = remainingMs > 0 && (await watch.wait([localServiceTopic(id)], remainingMs, call.signal()));
    if (end !== 'woken') return;
  }
}

const service: Handler = async (call, parts) => {
  const id = call.params['*'] ?? '';
  const knownHash = first(call.query, 'hash');
  if (knownHash) await waitForOtherHash(call, parts, id, knownHash);
  const { document, hash } = hashed(parts, id);
  return json({ ...document, ContentHash: hash }, { 'X-Consul-ContentHash': hash });
};

const register: Prepare = (call, parts) => {
  const { definition, checks } = decodeService(registrationBody(call, parts), 'api', checkDefaults(parts));
  const replace = first(call.query, 'replace-existing-checks');
  const replaceExistingChecks = replace === '' || replace === 'true';
  const named = checks.map((check) => ({ ...check, serviceName: definition.name }));
  return {
    rights: () => serviceRights(parts, definition),
    run: async () => {
      if (call.body.length > LARGE_BYTES) await nextTurn();
      const token = parts.acl?.sentSecret(call) ?? '';
      const registration = { definition, checks: named, source: 'api', token } as const;
      await parts.local.registerService(registration, { replaceExistingChecks });
      return EMPTY;
    },
  };
};

/** With access control an id that is not there is refused, as in Consul: nobody could say whose it would be. */
const deregister: Handler = async (call, { local, acl }): Promise<Reply> => {
  const id = call.params['*'] ?? '';
  if (id === '') return text(500, 'ServiceID missing');
  const isKnown = await local.deregisterService(id);
  if (isKnown || acl === undefined) return EMPTY;
  return text(404, `Unknown service ID "${id}". Ensure that the service ID is passed, not the service name.`);
};

const maintenance: Handler = async (call, parts) => {
  const id = restOfPath(call, 'Missing service ID');
  const options = maintenanceOf(call);
  requireCheckOfDrain(options, parts);
  const isKnown = await parts.local.setServiceMaintenance(id, options.isOn, options.reason);
  if (!isKnown) return text(404, `No service registered with ID "${id}"`);
  await followMark(id, options, parts);
  return EMPTY;
};

const onOwnService = (level: 'read' | 'write'): Permission =>
  needing(`service:${level} on its name`, (call, parts) =>
    ownServiceRights(parts, call.params['*'] ?? '', level),
  );

export const agentServiceRoutes: readonly Route[] = [
  {
    path: '/v1/agent/services',
    operations: {
      GET: {
        about: 'Services registered with this agent, by id.',
        place: THIS_AGENT,
        permission: filtered('service:read', ownServicesFilter),
        query: [FILTER_PARAMETER],
        keyedBy: 'url-and-rights',
        handle: services,
      },
    },
  },
  {
    path: '/v1/agent/service/*',
    operations: {
      GET: {
        about: 'One service of this agent.',
        place: THIS_AGENT,
        permission: onOwnService('read'),
        query: [
          { name: 'hash', about: 'Wait until the content hash is another one.' },
          { name: 'wait', about: 'Longest wait, as a duration like 30s.' },
        ],
        handle: service,
      },
    },
  },
  {
    path: '/v1/agent/service/register',
    operations: {
      PUT: {
        about: 'Register a service with its checks, which this agent runs.',
        place: THIS_AGENT,
        permission: byBody(
          'service:write on its name, the one that had its id, and the destination of a proxy',
        ),
        query: [{ name: 'replace-existing-checks', about: 'Remove checks that are not in the body.' }],
        body: 'json',
        maxBodyBytes: registrationMaxBytes,
        prepare: register,
      },
    },
  },
  {
    path: '/v1/agent/service/deregister/*',
    operations: {
      PUT: {
        about: 'Deregister a service by its id.',
        place: THIS_AGENT,
        permission: onOwnService('write'),
        handle: deregister,
      },
    },
  },
  {
    path: '/v1/agent/service/maintenance/*',
    operations: {
      PUT: {
        about: 'Take a service out of all answers, or back in.',
        place: THIS_AGENT,
        permission: onOwnService('write'),
        query: [...MAINTENANCE_PARAMETERS, DEREGISTER_PARAMETER],
        handle: maintenance,
      },
    },
  },
];
