/**
 * /v1/catalog: what is registered, whoever runs it, and the direct way to register it.
 */

import { deregisterInPieces } from '../../catalog/deregister-in-pieces.ts';
import {
  allNodes,
  findNode,
  instancesOf,
  meshInstancesOf,
  serviceNames,
  servicesOfNode,
} from '../../catalog/read.ts';
import type { Instance } from '../../catalog/select.ts';
import { nodeTopic, serviceTopic } from '../../catalog/topics.ts';
import { CATALOG_SERVICE_FIELDS, NODE_FIELDS, SERVICE_FIELDS } from '../../filter/fields.ts';
import type { NodeRow, ServiceRow } from '../../model/types.ts';
import {
  ifRestIsReadable,
  instancesFilter,
  nodeServicesFilter,
  nodesFilter,
  serviceNamesFilter,
} from '../access/answer-filters.ts';
import { byBody, filtered, onRest, open } from '../access/permission.ts';
import { deregistrationRights, registrationRights } from '../access/write-rights.ts';
import { listReply } from '../answer/list-reply.ts';
import { serviceNamesReply } from '../answer/service-names-reply.ts';
import { answerRead } from '../blocking.ts';
import type { Call } from '../call-and-reply.ts';
import { deregistration, registration } from '../documents/catalog-registration.ts';
import { SortedMap } from '../documents/go-json.ts';
import {
  catalogServiceDocument,
  type Document,
  nodeDocument,
  serviceDocument,
} from '../documents/row-documents.ts';
import type { HttpParts } from '../http-parts.ts';
import { ANY_OWN_SERVER, CATALOG_READ, LEADER_BY_BODY } from '../place.ts';
import { json } from '../reply.ts';
import { filterOf } from '../request/filter-parameter.ts';
import { followedService } from '../request/followed.ts';
import { parseBody } from '../request/json-body.ts';
import { nearOrder } from '../request/near-parameter.ts';
import { restOfPath } from '../request/path-name.ts';
import { has } from '../request/query-values.ts';
import { registrationBody, registrationMaxBytes } from '../request/registration-body.ts';
import {
  FILTER_PARAMETER,
  instanceSelector,
  NEAR_PARAMETER,
  NODE_META_PARAMETER,
  nodeMetaSelector,
  READ_PARAMETERS,
  TAG_PARAMETER,
} from '../request/selectors.ts';
import type { Handler, Prepare, Route } from '../route.ts';

const register: Prepare = (call, parts) => {
  const { command, datacenter } = registration(registrationBody(call, parts), {
    hasAcl: parts.acl !== undefined,
  });
  return {
    datacenter,
    rights: () => registrationRights(parts.state.view, command),
    run: async () => json((await parts.writer.submit(command)).result),
  };
};

const deregister: Prepare = (call, parts) => {
  const { command, datacenter } = deregistration(parseBody(call.body));
  return {
    datacenter,
    rights: () => deregistrationRights(parts.state.view, command),
    run: async () => json((await deregisterInPieces(parts.state.view, parts.writer, command)).result),
  };
};

const datacenters: Handler = (call, parts) => ({
  ...json(parts.datacenters()),
  isCacheRequested: has(call.query, 'cached'),
});

const nodes: Handler = (call, parts) => {
  const hasMeta = nodeMetaSelector(call);
  const isSelected = filterOf(call, NODE_FIELDS);
  const inOrder = nearOrder(call, parts);
  return answerRead(call, parts, {
    topics: ['nodes'],
    isVolatile: inOrder.isVolatile,
    reply: () =>
      listReply({
        rows: inOrder(allNodes(parts.state.view).filter(hasMeta), ({ name }) => name),
        documentOf: (node) => nodeDocument(node, parts.datacenter),
        isSelected,
      }),
  });
};

const services: Handler = (call, parts) => {
  const hasMeta = nodeMetaSelector(call);
  const isSelected = filterOf(call, CATALOG_SERVICE_FIELDS);
  const hasFilter = has(call.query, 'filter');
  const isWanted = (node: NodeRow, service: ServiceRow): boolean =>
    hasMeta(node) && (!hasFilter || isSelected(catalogServiceDocument({ node, service }, parts.datacenter)));
  return answerRead(call, parts, {
    topics: ['services', 'nodes'],
    reply: () => serviceNamesReply(serviceNames(parts.state.view, isWanted), hasFilter),
  });
};

/** /service/:name and its relatives differ in how they find instances. */
function instancesHandler(
  find: (parts: HttpParts, name: string) => readonly Instance[],
  topicsOf: (name: string) => readonly string[],
): Handler {
  return (call, parts) => {
    const name = restOfPath(call, 'Missing service name');
    const isWanted = instanceSelector(call);
    const isSelected = filterOf(call, CATALOG_SERVICE_FIELDS);
    const inOrder = nearOrder(call, parts);
    return answerRead(call, parts, {
      topics: topicsOf(name),
      isVolatile: inOrder.isVolatile,
      reply: () =>
        listReply({
          rows: inOrder(find(parts, name).filter(isWanted), ({ node }) => node.name),
          documentOf: (instance) => catalogServiceDocument(instance, parts.datacenter),
          isSelected,
        }),
    });
  };
}

/** `toServices` makes the list of services; `unknown` is the answer for a node that is not there. */
function nodeHandler(
  toServices: (services: readonly Document[]) => unknown,
  unknown: Document | null,
): Handler {
  return (call: Call, parts: HttpParts) => {
    const name = restOfPath(call, 'Missing node name');
    const isSelected = filterOf(call, SERVICE_FIELDS);
    const { view } = parts.state;
    return answerRead(call, parts, {
      topics: [nodeTopic(findNode(view, name)?.name ?? name)],
      reply: () => {
        const node = findNode(view, name);
        if (node === undefined) return json(unknown);
        const documents = servicesOfNode(view, node.name).map(serviceDocument).filter(isSelected);
        return json({ Node: nodeDocument(node, parts.datacenter), Services: toServices(documents) });
      },
    });
  };
}

const byId = (documents: readonly Document[]): SortedMap<Document> =>
  new SortedMap(documents.map((document) => [String(document['ID']), document]));

/** The list of services of a node that is not there. */
const NO_NODE = { Node: null, Services: null };

const INSTANCE_PARAMETERS = [
  ...READ_PARAMETERS,
  TAG_PARAMETER,
  NODE_META_PARAMETER,
  NEAR_PARAMETER,
  FILTER_PARAMETER,
];

export const catalogRoutes: readonly Route[] = [
  {
    path: '/v1/catalog/register',
    operations: {
      PUT: {
        about: 'Write a node, a service of it and checks.',
        place: LEADER_BY_BODY,
        permission: byBody('node:write if the node changes; service:write on new and replaced names'),
        body: 'json',
        maxBodyBytes: registrationMaxBytes,
        prepare: register,
      },
    },
  },
  {
    path: '/v1/catalog/deregister',
    operations: {
      PUT: {
        about: 'Remove a node, or one of its services or checks.',
        place: LEADER_BY_BODY,
        permission: byBody('node:write; for a service or its check service:write does too'),
        body: 'json',
        prepare: deregister,
      },
    },
  },
  {
    path: '/v1/catalog/datacenters',
    operations: {
      GET: {
        about: 'Names of the known datacenters.',
        place: ANY_OWN_SERVER,
        permission: open('their names are no secret'),
        handle: datacenters,
      },
    },
  },
  {
    path: '/v1/catalog/nodes',
    operations: {
      GET: {
        about: 'All nodes.',
        place: CATALOG_READ,
        permission: filtered('node:read', nodesFilter),
        query: [...READ_PARAMETERS, NODE_META_PARAMETER, NEAR_PARAMETER, FILTER_PARAMETER],
        keyedBy: 'url-and-rights',
        handle: nodes,
      },
    },
  },
  {
    path: '/v1/catalog/services',
    operations: {
      GET: {
        about: 'Names of all services with the tags of their instances.',
        place: CATALOG_READ,
        permission: filtered('service:read', serviceNamesFilter),
        query: [...READ_PARAMETERS, NODE_META_PARAMETER, FILTER_PARAMETER],
        keyedBy: 'url-and-rights',
        handle: services,
      },
    },
  },
  {
    path: '/v1/catalog/service/*',
    operations: {
      GET: {
        about: 'All instances of a service, healthy or not.',
        place: CATALOG_READ,
        permission: filtered('service:read and node:read', instancesFilter),
        query: INSTANCE_PARAMETERS,
        keyedBy: 'url-and-rights',
        followed: followedService,
        handle: instancesHandler(
          (parts, name) => instancesOf(parts.state.view, name),
          (name) => [serviceTopic(name)],
        ),
      },
    },
  },
  {
    path: '/v1/catalog/connect/*',
    operations: {
      GET: {
        about: 'Instances that speak for a service in a mesh.',
        place: CATALOG_READ,
        permission: filtered('service:read on both names and node:read', ifRestIsReadable(instancesFilter)),
        query: INSTANCE_PARAMETERS,
        keyedBy: 'url-and-rights',
        handle: instancesHandler(
          (parts, name) => meshInstancesOf(parts.state.view, name),
          () => ['services', 'nodes'],
        ),
      },
    },
  },
  {
    path: '/v1/catalog/node/*',
    operations: {
      GET: {
        about: 'A node and its services by id.',
        place: CATALOG_READ,
        permission: filtered('node:read, its services by service:read', nodeServicesFilter(null)),
        query: [...READ_PARAMETERS, FILTER_PARAMETER],
        keyedBy: 'url-and-rights',
        handle: nodeHandler(byId, null),
      },
    },
  },
  {
    path: '/v1/catalog/node-services/*',
    operations: {
      GET: {
        about: 'A node and the list of its services.',
        place: CATALOG_READ,
        permission: filtered('node:read, its services by service:read', nodeServicesFilter(NO_NODE)),
        query: [...READ_PARAMETERS, FILTER_PARAMETER],
        keyedBy: 'url-and-rights',
        handle: nodeHandler((list) => list, NO_NODE),
      },
    },
  },
  {
    path: '/v1/catalog/gateway-services/*',
    operations: {
      GET: {
        about: 'Services behind a gateway; there are none without a mesh.',
        place: CATALOG_READ,
        permission: onRest('service', 'read'),
        query: READ_PARAMETERS,
        handle: (call, parts) => {
          restOfPath(call, 'Missing gateway name');
          // Consul's filter makes an empty list of what is null without it.
          const none = parts.acl === undefined ? null : [];
          return answerRead(call, parts, { topics: ['services'], reply: () => json(none) });
        },
      },
    },
  },
];
