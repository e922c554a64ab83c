/**
 * /v1/coordinate: where nodes are in the network (catalog/coordinate.ts). Agents that have others beside them measure it;
 * anybody who may write a node can tell it.
 */

import { nodeKey } from '../../catalog/tables.ts';
import { coordinateTopic, nodeTopic } from '../../catalog/topics.ts';
import {
  type Decoder,
  decodeFields,
  described,
  documentOf,
  type FieldTable,
  refuseDocument,
  text as textField,
  withDefaults,
} from '../../decode/json-fields.ts';
import type { Coordinate } from '../../lib/network-coordinate.ts';
import type { NodeName } from '../../model/types.ts';
import { nodesFilter } from '../access/answer-filters.ts';
import { byBody, filtered, onRest, open } from '../access/permission.ts';
import { answerRead } from '../blocking.ts';
import type { Call, Reply } from '../call-and-reply.ts';
import { coordinateDocument } from '../documents/coordinate-document.ts';
import type { Document } from '../documents/row-documents.ts';
import type { HttpConfig, HttpParts } from '../http-parts.ts';
import { ANY_OWN_SERVER, CATALOG_READ, LEADER_BY_BODY } from '../place.ts';
import { EMPTY, json, text } from '../reply.ts';
import { parseBody } from '../request/json-body.ts';
import { first } from '../request/query-values.ts';
import { READ_PARAMETERS } from '../request/selectors.ts';
import type { Handler, Prepare, QueryParameter, Route } from '../route.ts';

const number: Decoder<number> = described(
  () => ({ type: 'number' }),
  (value, place) =>
    typeof value === 'number'
      ? value
      : refuseDocument(
          place,
          `json: cannot unmarshal ${typeof value} into Go struct field .${place.path} of type float64`,
        ),
);

const numbers: Decoder<readonly number[]> = described(
  () => ({ type: 'array', items: { type: 'number' } }),
  (value, place) =>
    Array.isArray(value)
      ? value.map((each) => number(each, place))
      : refuseDocument(
          place,
          `json: cannot unmarshal ${typeof value} into Go struct field .${place.path} of type []float64`,
        ),
);

const COORDINATE: FieldTable<Coordinate> = {
  vec: { name: 'Vec', decode: numbers },
  error: { name: 'Error', decode: number },
  adjustment: { name: 'Adjustment', decode: number },
  height: { name: 'Height', decode: number },
};

const coordinate = withDefaults(documentOf(COORDINATE), { vec: [], error: 0, adjustment: 0, height: 0 });

interface Update {
  readonly datacenter: string;
  readonly node: string;
  readonly segment: string;
  readonly partition: string;
  readonly coord: Coordinate;
  readonly token: string;
}

export const UPDATE: FieldTable<Update> = {
  datacenter: { name: 'Datacenter', decode: textField },
  node: { name: 'Node', decode: textField },
  segment: { name: 'Segment', decode: textField },
  partition: { name: 'Partition', decode: textField },
  coord: { name: 'Coord', decode: coordinate },
  token: { name: 'Token', decode: textField },
};

function placeDocument(node: string, coordinate: Coordinate, segment: string): Document {
  return { Node: node, Segment: segment, Coord: coordinateDocument(coordinate) };
}

/** Places of a node in the segment that the call names, or in all of them. */
function placesOf(call: Call, { coordinates }: HttpParts, node: string): readonly Document[] {
  const wanted = first(call.query, 'segment');
  return [...coordinates.of(node)]
    .filter(([segment]) => wanted === undefined || segment === wanted)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([segment, coordinate]) => placeDocument(node, coordinate, segment));
}

const DISABLED = text(401, 'Coordinate support disabled');

const whenOff = ({ hasCoordinates }: HttpConfig): Reply | undefined =>
  hasCoordinates ? undefined : DISABLED;

const datacenters: Handler = (_call, { network }) =>
  json(
    network.areas().map(({ datacenter, servers }) => ({
      Datacenter: datacenter,
      AreaID: 'wan',
      Coordinates: servers.map(({ node, coordinate }) => placeDocument(node, coordinate, '')),
    })),
  );

const nodes: Handler = (call, parts) =>
  answerRead(call, parts, {
    topics: ['nodes', 'coordinates'],
    reply: () => {
      const names = Array.from(parts.state.view.nodes.values(), ({ name }) => name).sort();
      return json(names.flatMap((name) => placesOf(call, parts, name)));
    },
  });

const node: Handler = (call, parts) => {
  const name = call.params['*'] ?? '';
  return answerRead(call, parts, {
    topics: [nodeTopic(name), coordinateTopic(name)],
    reply: () => {
      const row = parts.state.view.nodes.get(nodeKey(name));
      const places = row ? placesOf(call, parts, row.name) : [];
      return places.length > 0 ? json(places) : { status: 404 };
    },
  });
};

/** What is told about nodes that nobody knows is not kept. */
const update: Prepare = (call, parts) => {
  const fields = decodeFields(UPDATE, parseBody(call.body) ?? {}, { style: 'api', path: '' });
  const { node: name = '', segment = '', coord } = fields;
  return {
    datacenter: fields.datacenter || first(call.query, 'dc'),
    rights: () => [{ resource: 'node', level: 'write', name }],
    run: async () => {
      if (coord === undefined) refuseDocument({ style: 'api', path: '' }, 'missing field "Coord"');
      const place = { node: name as NodeName, segment, ...coord };
      await parts.writer.submit({ kind: 'coordinates', places: [place] });
      return EMPTY;
    },
  };
};

const SEGMENT: QueryParameter = { name: 'segment', about: 'Only places in this segment.' };

export const coordinateRoutes: readonly Route[] = [
  {
    path: '/v1/coordinate/datacenters',
    operations: {
      GET: {
        about: 'Places of the servers of each datacenter.',
        place: ANY_OWN_SERVER,
        whenOff,
        permission: open('where datacenters are is no secret in Consul either'),
        handle: datacenters,
      },
    },
  },
  {
    path: '/v1/coordinate/nodes',
    operations: {
      GET: {
        about: 'Places of all nodes.',
        place: CATALOG_READ,
        whenOff,
        permission: filtered('node:read', nodesFilter),
        query: [...READ_PARAMETERS, SEGMENT],
        handle: nodes,
      },
    },
  },
  {
    path: '/v1/coordinate/node/*',
    operations: {
      GET: {
        about: 'Place of a node.',
        place: CATALOG_READ,
        whenOff,
        permission: onRest('node', 'read'),
        query: [...READ_PARAMETERS, SEGMENT],
        handle: node,
      },
    },
  },
  {
    path: '/v1/coordinate/update',
    operations: {
      PUT: {
        about: 'Tell where a node is.',
        place: LEADER_BY_BODY,
        whenOff,
        permission: byBody('node:write'),
        body: 'json',
        prepare: update,
      },
    },
  },
];
