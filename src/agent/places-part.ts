/**
 * Where a server and its agents are in the network: measured, told to the others, written to the catalog, shown by the API.
 *
 * With `disable_coordinates` nothing is measured and nothing is told.
 */

import type { Command } from '../catalog/command.ts';
import { Coordinates } from '../catalog/coordinate.ts';
import type { View } from '../catalog/tables.ts';
import type { AgentRecord, ServerPlace } from '../cluster/agent-messages.ts';
import { CoordinateBatch } from '../cluster/coordinate-batch.ts';
import type { Datacenters, WanServer } from '../cluster/datacenters.ts';
import { ServerPlaces, type ServerPlacesParts } from '../cluster/server-places.ts';
import type { NetworkArea, NetworkPort } from '../http/network-port.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { coordinateFault } from '../lib/network-coordinate.ts';
import type { Random } from '../lib/random.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { RpcCall, RpcMethod } from '../rpc/rpc-server.ts';
import { serversOnly } from '../rpc/servers-only.ts';
import type { Config } from './config/options.ts';
import { countRefused } from './count-refused.ts';
import type { Identity } from './identity.ts';

/** How other servers of this datacenter are called, and how far they are. */
export type NearPeers = Pick<ServerPlacesParts, 'call' | 'takeRoundTripMs'>;

export interface PlacesPartParts {
  readonly config: Config;
  readonly identity: Pick<Identity, 'nodeName'>;
  readonly catalog: { readonly state: { readonly view: View } };
  readonly submit: (command: Command) => Promise<unknown>;
  /** The servers of this datacenter, this one among them. */
  readonly servers: () => readonly ServerPlace[];
  /** Absent where there are no others. */
  readonly near?: NearPeers | undefined;
  readonly agentOf: (call: RpcCall) => AgentRecord;
  readonly memberCount: () => number;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface PlacesPart {
  readonly methods: Readonly<Record<string, RpcMethod>>;
  readonly start: () => void;
  readonly stop: () => void;
  /** A server of this datacenter, with where it is among those of all. */
  readonly placed: (server: WanServer) => WanServer;
  /** The round trip to a server of another datacenter. */
  readonly measured: (server: WanServer, roundTripMs: number) => void;
  readonly network: (datacenters: Datacenters) => NetworkPort;
}

const NOBODY: NearPeers = {
  call: async () => ({ kind: 'unsent', why: 'there are no other servers' }),
  takeRoundTripMs: () => undefined,
};

function buildPlaces(parts: PlacesPartParts): ServerPlaces {
  const { submit, servers, near = NOBODY, agentOf, memberCount, metrics, clock, random, log } = parts;
  const { nodeName } = parts.identity;
  const { view } = parts.catalog.state;
  const coordinates = new Coordinates(view, '');
  return new ServerPlaces({
    ...near,
    self: { name: nodeName },
    others: () => servers().filter(({ name }) => name !== nodeName),
    written: (node) => coordinates.of(node).get(''),
    agentOf,
    memberCount,
    batch: new CoordinateBatch({ view, submit, clock, log }),
    clock,
    random,
    onRefused: countRefused(metrics),
  });
}

/** Servers of other datacenters that have said where they are. */
function farAreas(datacenters: Datacenters): readonly NetworkArea[] {
  const areas = new Map<string, NetworkArea['servers'][number][]>();
  for (const { server } of datacenters.servers()) {
    const { agent, coordinate } = server;
    if (coordinate === undefined || coordinateFault(coordinate) !== undefined) continue;
    const servers = areas.get(agent.datacenter) ?? [];
    servers.push({ node: agent.node.name, coordinate });
    areas.set(agent.datacenter, servers);
  }
  return Array.from(areas, ([datacenter, servers]) => ({ datacenter, servers }));
}

export function placesPart(parts: PlacesPartParts): PlacesPart {
  const { config } = parts;
  const isOff = config.disable_coordinates;
  const places = buildPlaces(parts);
  return {
    methods: isOff ? {} : { ...places.agentMethods(), ...serversOnly(places.serverMethods()) },
    start: () => {
      if (!isOff) places.start();
    },
    stop: () => places.stop(),
    placed: (server) => {
      const { name } = server.agent.node;
      const coordinate = places.wanPlaces().find(({ node }) => node === name)?.coordinate;
      return coordinate === undefined || isOff ? server : { ...server, coordinate };
    },
    measured: ({ agent: { node, datacenter }, coordinate }, roundTripMs) => {
      if (!isOff && coordinate !== undefined)
        places.wan.take(`${node.name}.${datacenter}`, roundTripMs, coordinate);
    },
    network: (datacenters) => ({
      own: () => places.lan.coordinate,
      areas: () => [{ datacenter: config.datacenter, servers: places.wanPlaces() }, ...farAreas(datacenters)],
    }),
  };
}
