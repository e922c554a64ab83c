/**
 * /v1/internal/ui: what a page of all services or of all nodes shows, to be waited on like other reads.
 *
 * Consul has these paths for its own page and does not document them; other pages ask for them all the same, and here
 * they are part of the API.
 */
import { findByText } from '../../catalog/find-by-text.ts';
import { allNodes } from '../../catalog/read.ts';
import { selectAll } from '../../catalog/select.ts';
import { summariesOf } from '../../catalog/service-summary.ts';
import { nodeKey } from '../../catalog/tables.ts';
import { nodeTopic } from '../../catalog/topics.ts';
import { ENTRY_FIELDS, NODE_DUMP_FIELDS } from '../../filter/fields.ts';
import { AppError } from '../../model/errors.ts';
import {
  foundFilter,
  healthMapFilter,
  nodeDumpsFilter,
  serviceLinesFilter,
} from '../access/answer-filters.ts';
import { filtered } from '../access/permission.ts';
import { listReply } from '../answer/list-reply.ts';
import { answerRead } from '../blocking.ts';
import {
  foundDocument,
  healthMapDocument,
  nodeDumpDocument,
  summaryDocuments,
} from '../documents/internal-ui-documents.ts';
import { entryDocument } from '../documents/row-documents.ts';
import { CATALOG_READ } from '../place.ts';
import { json } from '../reply.ts';
import { filterOf } from '../request/filter-parameter.ts';
import { restOfPath } from '../request/path-name.ts';
import { first } from '../request/query-values.ts';
import { FILTER_PARAMETER, READ_PARAMETERS } from '../request/selectors.ts';
import type { Handler, Route } from '../route.ts';

const EVERYTHING = ['services', 'nodes', 'checks'] as const;

/** A filter selects instances, as they stand in /v1/health/service; the lines then count what is left. */
const services: Handler = (call, parts) => {
  const { datacenter, state, summaries } = parts;
  const isSelected = filterOf(call, ENTRY_FIELDS);
  const hasFilter = Boolean(first(call.query, 'filter'));
  return answerRead(call, parts, {
    topics: EVERYTHING,
    reply: () => {
      const lines = hasFilter
        ? summariesOf(selectAll(state.view).filter((entry) => isSelected(entryDocument(entry, datacenter))))
        : summaries.all();
      return json(summaryDocuments(lines, datacenter));
    },
  });
};

/** Octets that a name of a node takes in it, more or less. */
const NAME_BYTES = 24;

const healthMap: Handler = (call, parts) =>
  answerRead(call, parts, {
    topics: EVERYTHING,
    reply: () =>
      listReply({
        rows: parts.summaries.all(),
        documentOf: healthMapDocument,
        sizeOf: ({ nodes: names }) => (names.length + 4) * NAME_BYTES,
      }),
  });

const nodes: Handler = (call, parts) => {
  const isSelected = filterOf(call, NODE_DUMP_FIELDS);
  const { view } = parts.state;
  return answerRead(call, parts, {
    topics: EVERYTHING,
    reply: () =>
      listReply({
        rows: allNodes(view),
        documentOf: (row) => nodeDumpDocument(view, row),
        isSelected,
        isDear: true,
      }),
  });
};

const node: Handler = (call, parts) => {
  const name = restOfPath(call, 'Missing node name');
  const { view } = parts.state;
  return answerRead(call, parts, {
    topics: [nodeTopic(name)],
    reply: () => {
      const row = view.nodes.get(nodeKey(name));
      return row ? json(nodeDumpDocument(view, row)) : { status: 404 };
    },
  });
};

/** Longer than any name that people type. */
const MAX_SEARCH_LENGTH = 256;

const search: Handler = (call, parts) => {
  const text = first(call.query, 'q') ?? '';
  if (text.length > MAX_SEARCH_LENGTH)
    throw new AppError('bad_request', `Invalid value for ?q: up to ${MAX_SEARCH_LENGTH} characters`);
  return answerRead(call, parts, {
    topics: EVERYTHING,
    isVolatile: true,
    reply: () => json(findByText(parts.state.view, text).map(foundDocument)),
  });
};

const DUMPED = filtered('node:read, services and their checks by service:read', nodeDumpsFilter);

export const internalUiRoutes: readonly Route[] = [
  {
    path: '/v1/internal/ui/services',
    operations: {
      GET: {
        about: 'All services, one line each: instances and checks by state, tags, nodes.',
        place: CATALOG_READ,
        permission: filtered('service:read and node:read; counts are of all instances', serviceLinesFilter),
        query: [...READ_PARAMETERS, FILTER_PARAMETER],
        keyedBy: 'url-and-rights',
        handle: services,
      },
    },
  },
  {
    path: '/v1/internal/ui/health-map',
    operations: {
      GET: {
        about: 'All services with the nodes that they run on, by the worst state of their instances there.',
        place: CATALOG_READ,
        permission: filtered('service:read and node:read', healthMapFilter),
        query: READ_PARAMETERS,
        keyedBy: 'url-and-rights',
        handle: healthMap,
      },
    },
  },
  {
    path: '/v1/internal/ui/search',
    operations: {
      GET: {
        about:
          'Services, instances, nodes, checks, keys and queries by a part of their name: up to 20 of each, best first.',
        place: CATALOG_READ,
        permission: filtered('read on what is found', foundFilter),
        query: [...READ_PARAMETERS, { name: 'q', about: 'A part of a name.' }],
        handle: search,
      },
    },
  },
  {
    path: '/v1/internal/ui/nodes',
    operations: {
      GET: {
        about: 'All nodes with their services and checks.',
        place: CATALOG_READ,
        permission: DUMPED,
        query: [...READ_PARAMETERS, FILTER_PARAMETER],
        keyedBy: 'url-and-rights',
        handle: nodes,
      },
    },
  },
  {
    path: '/v1/internal/ui/node/*',
    operations: {
      GET: {
        about: 'A node with its services and checks.',
        place: CATALOG_READ,
        permission: DUMPED,
        query: READ_PARAMETERS,
        keyedBy: 'url-and-rights',
        handle: node,
      },
    },
  },
];
