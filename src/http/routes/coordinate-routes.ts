/**
 * /v1/coordinate: where nodes are in the network (catalog/coordinate.ts). One agent measures nothing; others may tell.
 */
import { type Coordinate, ORIGIN } from '../../catalog/coordinate.ts';
import { nodeKey } from '../../catalog/tables.ts';
import { nodeTopic } from '../../catalog/topics.ts';
import {
  type Decoder,
  decodeFields,
  type FieldTable,
  refuseDocument,
  text,
} from '../../decode/json-fields.ts';
import { answerRead } from '../blocking.ts';
import type { Document } from '../documents/row-documents.ts';
import type { HttpParts } from '../http-parts.ts';
import { EMPTY, json } from '../reply.ts';
import { parseBody } from '../request/json-body.ts';
import { first } from '../request/query-values.ts';
import { requireOwnDatacenter } from '../request/read-options.ts';
import { READ_PARAMETERS } from '../request/selectors.ts';
import type { Handler, Route } from '../route.ts';

const number: Decoder<number> = (value, place) =>
  typeof value === 'number'
    ? value
    : refuseDocument(
        place,
        `json: cannot unmarshal ${typeof value} into Go struct field .${place.path} of type float64`,
      );

const numbers: Decoder<readonly number[]> = (value, place) =>
  Array.isArray(value)
    ? value.map((each) => number(each, place))
    : refuseDocument(
        place,
        `json: cannot unmarshal ${typeof value} into Go struct field .${place.path} of type []float64`,
      );

const COORDINATE: FieldTable<Coordinate> = {
  vec: { name: 'Vec', decode: numbers },
  error: { name: 'Error', decode: number },
  adjustment: { name: 'Adjustment', decode: number },
  height: { name: 'Height', decode: number },
};

const coordinate: Decoder<Coordinate> = (value, place) => ({
  vec: [],
  error: 0,
  adjustment: 0,
  height: 0,
  ...decodeFields(COORDINATE, value, place),
});

interface Update {
  readonly datacenter: string;
  readonly node: string;
  readonly segment: string;
  readonly partition: string;
  readonly coord: Coordinate;
  readonly token: string;
}

const UPDATE: FieldTable<Update> = {
  datacenter: { name: 'Datacenter', decode: text },
  node: { name: 'Node', decode: text },
  segment: { name: 'Segment', decode: text },
  partition: { name: 'Partition', decode: text },
  coord: { name: 'Coord', decode: coordinate },
  token: { name: 'Token', decode: text },
};

function placeDocument(node: string, { vec, error, adjustment, height }: Coordinate): Document {
  const coord = { Vec: vec, Error: error, Adjustment: adjustment, Height: height };
  return { Node: node, Segment: '', Coord: coord };
}

/** Places of the nodes that are in the catalog and have one. */
function placesOf({ state, coordinates }: HttpParts): readonly Document[] {
  const names = Array.from(state.view.nodes.values(), ({ name }) => name).sort();
  return names.flatMap((name) => {
    const place = coordinates.of(name);
    return place === undefined ? [] : [placeDocument(name, place)];
  });
}

/** There is one segment, and its name is empty. */
const isOurSegment = (segment: string | undefined): boolean => !segment;

const datacenters: Handler = (_call, { datacenter, nodeName }) =>
  json([{ Datacenter: datacenter, AreaID: 'wan', Coordinates: [placeDocument(nodeName, ORIGIN)] }]);

const nodes: Handler = (call, parts) =>
  answerRead(call, parts, {
    topics: ['nodes'],
    reply: () => json(isOurSegment(first(call.query, 'segment')) ? placesOf(parts) : []),
  });

const node: Handler = (call, parts) => {
  const name = call.params['*'] ?? '';
  return answerRead(call, parts, {
    topics: [nodeTopic(name)],
    reply: () => {
      const row = parts.state.view.nodes.get(nodeKey(name));
      const place = row && parts.coordinates.of(row.name);
      return row && place && isOurSegment(first(call.query, 'segment'))
        ? json([placeDocument(row.name, place)])
        : { status: 404 };
    },
  });
};

/** What is told about nodes that nobody knows is not kept. */
const update: Handler = (call, parts) => {
  const fields = decodeFields(UPDATE, parseBody(call.body) ?? {}, { style: 'api', path: '' });
  requireOwnDatacenter(fields.datacenter || first(call.query, 'dc'), parts);
  const { node: name = '', coord } = fields;
  if (coord === undefined) refuseDocument({ style: 'api', path: '' }, 'missing field "Coord"');
  parts.coordinates.set(name, coord, parts.state.view);
  return EMPTY;
};

export const coordinateRoutes: readonly Route[] = [
  {
    path: '/v1/coordinate/datacenters',
    operations: { GET: { about: 'Places of the servers of each datacenter.', handle: datacenters } },
  },
  {
    path: '/v1/coordinate/nodes',
    operations: { GET: { about: 'Places of all nodes.', query: READ_PARAMETERS, handle: nodes } },
  },
  {
    path: '/v1/coordinate/node/*',
    operations: { GET: { about: 'Place of a node.', query: READ_PARAMETERS, handle: node } },
  },
  {
    path: '/v1/coordinate/update',
    operations: { PUT: { about: 'Tell where a node is.', body: 'json', handle: update } },
  },
];
