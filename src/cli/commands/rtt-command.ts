/**
 * `rollcall rtt`: the estimated round trip between two nodes, from the coordinates that are stored of them.
 */
import { type Coordinate, secondsBetween } from '../../lib/network-coordinate.ts';
import { AppError } from '../../model/errors.ts';
import type { Client } from '../client.ts';
import type { Command, CommandInput } from '../command-spec.ts';

interface CoordinateDocument {
  readonly Vec: readonly number[];
  readonly Error: number;
  readonly Adjustment: number;
  readonly Height: number;
}

interface Placed {
  readonly Node: string;
  readonly Segment: string;
  readonly Coord: CoordinateDocument;
}

const MS_PER_SECOND = 1_000;

const coordinateOf = ({ Vec, Error: error, Adjustment, Height }: CoordinateDocument): Coordinate => ({
  vec: Vec,
  error,
  adjustment: Adjustment,
  height: Height,
});

/** Coordinates by node within a datacenter, or by `node.datacenter` of servers among datacenters. */
async function coordinatesOf(client: Client, isWan: boolean): Promise<ReadonlyMap<string, Placed>> {
  if (!isWan) {
    const nodes = await client.get<readonly Placed[]>('/v1/coordinate/nodes');
    return new Map(nodes.map((placed) => [placed.Node, placed]));
  }
  interface Area {
    readonly Datacenter: string;
    readonly Coordinates: readonly Placed[];
  }
  const areas = await client.get<readonly Area[]>('/v1/coordinate/datacenters');
  return new Map(
    areas.flatMap(({ Datacenter, Coordinates }) =>
      Coordinates.map((placed) => [`${placed.Node}.${Datacenter}`, placed] as const),
    ),
  );
}

async function ownName(client: Client, isWan: boolean): Promise<string> {
  const { Config } = await client.get<{
    readonly Config: { readonly NodeName: string; readonly Datacenter: string };
  }>('/v1/agent/self');
  return isWan ? `${Config.NodeName}.${Config.Datacenter}` : Config.NodeName;
}

async function run({ flags, args, io, client: clientOf }: CommandInput): Promise<number> {
  const [first, given] = args;
  if (first === undefined) throw new AppError('bad_request', 'One or two node names must be specified');
  const isWan = flags.isOn('wan');
  const client = clientOf();
  const second = given ?? (await ownName(client, isWan));
  const coordinates = await coordinatesOf(client, isWan);
  const [a, b] = [first, second].map((name) => {
    const placed = coordinates.get(name);
    if (placed === undefined)
      throw new AppError('not_found', `Could not find a coordinate for node "${name}"`);
    return placed;
  }) as [Placed, Placed];
  if (!isWan && a.Segment !== b.Segment)
    throw new AppError('not_found', 'Could not find a compatible coordinate: the nodes are in two segments');
  const ms = (secondsBetween(coordinateOf(a.Coord), coordinateOf(b.Coord)) * MS_PER_SECOND).toFixed(3);
  io.out(`Estimated ${first} <-> ${second} rtt: ${ms} ms (using ${isWan ? 'WAN' : 'LAN'} coordinates)`);
  return 0;
}

export const command: Command = {
  summary: 'Estimate the round trip between two nodes',
  description:
    'Estimates the round trip between two nodes, or between one and the node of the agent, from the network coordinates that agents measure.',
  args: 'NODE [NODE]',
  flags: [{ name: 'wan', doc: 'Between servers, written NODE.DATACENTER.' }],
  isClient: true,
  refusedAs: 'Error getting coordinates',
  examples: ['rollcall rtt n1 n2', 'rollcall rtt n1'],
  run,
};
