/**
 * /v1/operator: what operators of a cluster ask, answered by a single server: it leads, it is healthy, nobody can be
 * removed, nothing is encrypted. The autopilot's settings are kept and shown; there is nothing to steer.
 */

import { parseBoolean } from '../../lib/boolean.ts';
import { explainBoolean, explainNumber } from '../../lib/go-text.ts';
import { AppError, refuse } from '../../model/errors.ts';
import { onAll } from '../access/permission.ts';
import type { Call } from '../call-and-reply.ts';
import {
  AUTOPILOT_FACT,
  autopilotDocument,
  autopilotFact,
  factIndexOf,
} from '../documents/autopilot-document.ts';
import type { Document } from '../documents/row-documents.ts';
import { serverAddress } from '../documents/server-address.ts';
import type { HttpParts } from '../http-parts.ts';
import { LEADER } from '../place.ts';
import { json } from '../reply.ts';
import { parseBody } from '../request/json-body.ts';
import { first, has } from '../request/query-values.ts';
import { isUint64 } from '../request/write-parameters.ts';
import type { Handler, Operation, Route } from '../route.ts';

const RAFT_PROTOCOL = '3';
const MAX_RELAY_FACTOR = 5;

function badRequest(text: string): never {
  return refuse('bad_request', `Bad request: ${text}`);
}

const raftConfiguration: Handler = (_call, parts) => {
  const server = {
    ID: parts.nodeId,
    Node: parts.nodeName,
    Address: serverAddress(parts),
    Leader: true,
    ProtocolVersion: RAFT_PROTOCOL,
    Voter: true,
  };
  return json({ Servers: [server], Index: 0 });
};

const removePeer: Handler = (call, parts) => {
  const id = first(call.query, 'id');
  const address = first(call.query, 'address');
  if (!id && !address)
    badRequest("Must specify either ?id with the server's ID or ?address with IP:port of peer to remove");
  if (id && address) badRequest('Must specify only one of ?id or ?address');
  if (id === parts.nodeId || address === serverAddress(parts))
    refuse('invalid_command', 'the only server cannot be removed');
  const what = id ? `id ${JSON.stringify(id)}` : `address ${JSON.stringify(address)}`;
  return refuse('invalid_command', `${what} was not found in the Raft configuration`);
};

const transferLeader: Handler = () =>
  refuse('invalid_command', 'cannot transfer leadership: there is no other server');

const autopilotSettings: Handler = (_call, parts) => {
  return json(autopilotDocument(parts.state.view.settings.get(AUTOPILOT_FACT)));
};

function casOf(call: Call): number | undefined {
  const cas = first(call.query, 'cas');
  if (cas === undefined) return undefined;
  if (!isUint64(cas)) badRequest(`Error parsing cas value: ${explainNumber('ParseUint', cas)}`);
  return factIndexOf(Number(cas));
}

/** The body as a fact, refused with the words of this route. */
function settingsOf(call: Call): string {
  try {
    return autopilotFact(parseBody(call.body));
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    return badRequest(
      `Error parsing autopilot config: ${cause.message.replace(/^Request decode failed: /, '')}`,
    );
  }
}

const writeAutopilotSettings: Handler = async (call, parts) => {
  const ifIndex = casOf(call);
  const fact = { kind: 'setting', name: AUTOPILOT_FACT, value: settingsOf(call) } as const;
  const { result } = await parts.writer.submit(ifIndex === undefined ? fact : { ...fact, ifIndex });
  return json(result);
};

/** RFC 3339 without fractions, as Consul prints it. */
function stableSince({ clock }: HttpParts): string {
  const startedMs = clock.now() - process.uptime() * 1_000;
  return new Date(startedMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

function serverHealth(parts: HttpParts): Document {
  return {
    ID: parts.nodeId,
    Name: parts.nodeName,
    Address: serverAddress(parts),
    SerfStatus: 'alive',
    Version: parts.version,
    Leader: true,
    LastContact: '0s',
    LastTerm: 1,
    LastIndex: parts.state.index,
    Healthy: true,
    Voter: true,
    StableSince: stableSince(parts),
  };
}

const autopilotHealth: Handler = (_call, parts) => {
  return json({ Healthy: true, FailureTolerance: 0, Servers: [serverHealth(parts)] });
};

const autopilotState: Handler = (_call, parts) => {
  const { SerfStatus, Leader: _leader, Voter: _voter, ...health } = serverHealth(parts);
  const server = {
    ...health,
    NodeStatus: SerfStatus,
    ReadReplica: false,
    Status: 'leader',
    Meta: {},
    NodeType: 'voter',
  };
  return json({
    Healthy: true,
    FailureTolerance: 0,
    OptimisticFailureTolerance: 0,
    Servers: { [parts.nodeId]: server },
    Leader: parts.nodeId,
    Voters: [parts.nodeId],
  });
};

const usage: Handler = (_call, parts) => {
  const { nodes, services } = parts.state.view;
  const names = new Set(Array.from(services.values(), ({ name }) => name));
  const own = {
    Nodes: nodes.size,
    Services: names.size,
    ServiceInstances: services.size,
    ConnectServiceInstances: {},
    BillableServiceInstances: Array.from(services.values()).filter(({ name }) => name !== 'consul').length,
  };
  return json({ Usage: { [parts.datacenter]: own }, Index: 0, LastContact: 0, KnownLeader: true });
};

/** Keys of encrypted gossip: parameters are read as Consul reads them, but there is no gossip. */
const keyring: Handler = (call) => {
  const relayFactor = first(call.query, 'relay-factor') ?? '';
  if (!/^\d*$/.test(relayFactor))
    badRequest(`Error parsing relay factor: ${explainNumber('ParseUint', relayFactor)}`);
  if (Number(relayFactor) > MAX_RELAY_FACTOR)
    badRequest('Invalid relay-factor: Relay factor must be in range: [0, 5]');
  const localOnly = first(call.query, 'local-only') ?? '';
  if (has(call.query, 'local-only') && localOnly !== '' && parseBoolean(localOnly) === undefined)
    badRequest(`Error parsing local-only: ${explainBoolean(localOnly)}`);
  return refuse('invalid_command', 'Keyring is empty (encryption not enabled)');
};

const keyringOperation = (level: 'read' | 'write'): Operation => ({
  about: 'Keys of encrypted gossip; there are none.',
  place: LEADER,
  permission: onAll('keyring', level),
  handle: keyring,
});
const CHANGE_KEYS = keyringOperation('write');

/** What operators may look at. */
const reading = (about: string, handle: Handler): Operation => ({
  about,
  place: LEADER,
  permission: onAll('operator', 'read'),
  handle,
});
const WRITE = onAll('operator', 'write');

export const operatorRoutes: readonly Route[] = [
  {
    path: '/v1/operator/raft/configuration',
    operations: { GET: reading('The servers: this one.', raftConfiguration) },
  },
  {
    path: '/v1/operator/raft/peer',
    operations: {
      DELETE: {
        about: 'Remove a server; there is no other.',
        place: LEADER,
        permission: WRITE,
        handle: removePeer,
      },
    },
  },
  {
    path: '/v1/operator/raft/transfer-leader',
    operations: {
      POST: {
        about: 'Hand over the lead; there is no other server.',
        place: LEADER,
        permission: WRITE,
        handle: transferLeader,
      },
    },
  },
  {
    path: '/v1/operator/autopilot/configuration',
    operations: {
      GET: reading('Settings of the autopilot.', autopilotSettings),
      PUT: {
        about: 'Replace the settings of the autopilot.',
        place: LEADER,
        permission: WRITE,
        query: [{ name: 'cas', about: 'Only when they have this ModifyIndex.' }],
        body: 'json',
        handle: writeAutopilotSettings,
      },
    },
  },
  {
    path: '/v1/operator/autopilot/health',
    operations: { GET: reading('Health of the servers.', autopilotHealth) },
  },
  {
    path: '/v1/operator/autopilot/state',
    operations: { GET: reading('Health and roles of the servers.', autopilotState) },
  },
  {
    path: '/v1/operator/keyring',
    operations: { GET: keyringOperation('read'), POST: CHANGE_KEYS, PUT: CHANGE_KEYS, DELETE: CHANGE_KEYS },
  },
  {
    path: '/v1/operator/usage',
    operations: { GET: reading('How much is registered.', usage) },
  },
];
