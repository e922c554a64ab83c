/**
 * /v1/health: instances with their checks, and checks by node, service and state.
 */

import {
  checksInState,
  checksOfNode,
  checksOfService,
  instancesOf,
  meshInstancesOf,
} from '../../catalog/read.ts';
import type { Instance } from '../../catalog/select.ts';
import { nodeKey, type View } from '../../catalog/tables.ts';
import { nodeTopic, serviceTopic } from '../../catalog/topics.ts';
import { CHECK_FIELDS, ENTRY_FIELDS } from '../../filter/fields.ts';
import type { CheckRow } from '../../model/types.ts';
import { checksFilter, entriesFilter, ifRestIsReadable } from '../access/answer-filters.ts';
import { filtered } from '../access/permission.ts';
import { listReply } from '../answer/list-reply.ts';
import { answerRead } from '../blocking.ts';
import { checkDocument, entryDocument } from '../documents/row-documents.ts';
import { CATALOG_READ } from '../place.ts';
import { filterOf } from '../request/filter-parameter.ts';
import { followedService } from '../request/followed.ts';
import { nearOrder } from '../request/near-parameter.ts';
import { restOfPath } from '../request/path-name.ts';
import { all } from '../request/query-values.ts';
import {
  FILTER_PARAMETER,
  instanceSelector,
  NEAR_PARAMETER,
  NODE_META_PARAMETER,
  nodeMetaSelector,
  READ_PARAMETERS,
  TAG_PARAMETER,
  wantsPassing,
} from '../request/selectors.ts';
import type { Handler, Operation, Route } from '../route.ts';

type FindInstances = (view: View, name: string) => readonly Instance[];

function entriesHandler(find: FindInstances, topicsOf: (name: string) => readonly string[]): Handler {
  return (call, parts) => {
    const name = restOfPath(call, 'Missing service name');
    const isPassingOnly = wantsPassing(call);
    const isWanted = instanceSelector(call);
    const isSelected = filterOf(call, ENTRY_FIELDS);
    const inOrder = nearOrder(call, parts);
    const wanted = (): readonly Instance[] =>
      find(parts.state.view, name).filter(
        (instance) => isWanted(instance) && (!isPassingOnly || instance.status === 'passing'),
      );
    return answerRead(call, parts, {
      topics: topicsOf(name),
      isVolatile: inOrder.isVolatile,
      reply: () =>
        listReply({
          rows: inOrder(wanted(), ({ node }) => node.name),
          documentOf: (instance) => entryDocument(instance, parts.datacenter),
          isSelected,
        }),
    });
  };
}

type FindChecks = (view: View, name: string) => readonly CheckRow[];

function checksHandler(missing: string, find: FindChecks, topicOf: (name: string) => string): Handler {
  return (call, parts) => {
    const name = restOfPath(call, missing);
    const hasMeta = nodeMetaSelector(call);
    const selectsNodes = all(call.query, 'node-meta').length > 0;
    const isSelected = filterOf(call, CHECK_FIELDS);
    const inOrder = nearOrder(call, parts);
    const { view } = parts.state;
    const isWanted = ({ node }: CheckRow): boolean => {
      const row = view.nodes.get(nodeKey(node));
      return !selectsNodes || (row !== undefined && hasMeta(row));
    };
    return answerRead(call, parts, {
      topics: selectsNodes ? [topicOf(name), 'nodes'] : [topicOf(name)],
      isVolatile: inOrder.isVolatile,
      reply: () => {
        const rows = inOrder(find(view, name).filter(isWanted), ({ node }) => node);
        return listReply({ rows, documentOf: checkDocument, isSelected });
      },
    });
  };
}

function entries(about: string, handle: Handler, filter = entriesFilter): Operation {
  const query = [
    ...READ_PARAMETERS,
    { name: 'passing', about: 'Only instances whose checks all pass.' },
    TAG_PARAMETER,
    NODE_META_PARAMETER,
    NEAR_PARAMETER,
    FILTER_PARAMETER,
  ];
  return {
    about,
    place: CATALOG_READ,
    permission: filtered('service:read and node:read', filter),
    query,
    keyedBy: 'url-and-rights',
    handle,
  };
}

function checks(about: string, handle: Handler): Operation {
  const query = [...READ_PARAMETERS, NODE_META_PARAMETER, NEAR_PARAMETER, FILTER_PARAMETER];
  return {
    about,
    place: CATALOG_READ,
    permission: filtered('node:read, and service:read for checks of services', checksFilter),
    query,
    keyedBy: 'url-and-rights',
    handle,
  };
}

const ofService = entriesHandler(instancesOf, (name) => [serviceTopic(name)]);
const ofMesh = entriesHandler(meshInstancesOf, () => ['services', 'nodes', 'checks']);
const ofIngress = entriesHandler(
  () => [],
  () => ['services'],
);

/** Mesh instances are asked for by the name that they speak for, which is not their own. */
const ofReadable = ifRestIsReadable(entriesFilter);

export const healthRoutes: readonly Route[] = [
  {
    path: '/v1/health/service/*',
    operations: {
      GET: {
        ...entries('Instances of a service with their nodes and checks.', ofService),
        followed: followedService,
      },
    },
  },
  {
    path: '/v1/health/connect/*',
    operations: {
      GET: entries('Instances that speak for a service in a mesh, with checks.', ofMesh, ofReadable),
    },
  },
  {
    path: '/v1/health/ingress/*',
    operations: {
      GET: entries('Ingress gateways of a service; none without a mesh.', ofIngress, ofReadable),
    },
  },
  {
    path: '/v1/health/node/*',
    operations: {
      GET: checks(
        'Checks of a node and its services.',
        checksHandler('Missing node name', checksOfNode, nodeTopic),
      ),
    },
  },
  {
    path: '/v1/health/checks/*',
    operations: {
      GET: {
        ...checks(
          'Checks of the instances of a service.',
          checksHandler('Missing service name', checksOfService, serviceTopic),
        ),
        // With metadata the answer changes with any node, see checksHandler.
        followed: (call) => (all(call.query, 'node-meta').length > 0 ? undefined : followedService(call)),
      },
    },
  },
  {
    path: '/v1/health/state/*',
    operations: {
      GET: checks(
        'Checks with a status; any for all.',
        checksHandler('Missing check state', checksInState, () => 'checks'),
      ),
    },
  },
];
