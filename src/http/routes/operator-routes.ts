/**
 * /v1/operator: what operators of a cluster look at and change: its servers, the autopilot's settings, how much is
 * registered. Who the servers are and what may be done to them is behind `cluster` (cluster-port.ts).
 */

import { AUTOPILOT_SETTING } from '../../catalog/autopilot-settings.ts';
import { parseBoolean } from '../../lib/boolean.ts';
import { explainBoolean, explainNumber } from '../../lib/go-text.ts';
import { AppError, refuse } from '../../model/errors.ts';
import { onAll } from '../access/permission.ts';
import type { Call } from '../call-and-reply.ts';
import type { ServerSelector } from '../cluster-port.ts';
import { autopilotDocument, autopilotValue, rowIndexOf } from '../documents/autopilot-document.ts';
import { healthDocument, raftServerDocuments, stateDocument } from '../documents/cluster-documents.ts';
import { usageDocument } from '../documents/usage-document.ts';
import { CATALOG_READ, LEADER } from '../place.ts';
import { EMPTY, json } from '../reply.ts';
import { parseBody } from '../request/json-body.ts';
import { first, has } from '../request/query-values.ts';
import { isUint64 } from '../request/write-parameters.ts';
import type { Handler, Operation, Route } from '../route.ts';

/** A cluster with a server that is not well: load balancers ask for it. */
const UNHEALTHY = 429;
const MAX_RELAY_FACTOR = 5;

function badRequest(text: string): never {
  return refuse('bad_request', `Bad request: ${text}`);
}

const raftConfiguration: Handler = async (call, { cluster }) => {
  const isStale = call.readOptions.consistency === 'stale';
  const health = isStale ? undefined : await cluster.health();
  return json({ Servers: raftServerDocuments(cluster.servers(), health), Index: 0 });
};

function selectorOf({ query }: Call): ServerSelector {
  const id = first(query, 'id');
  const address = first(query, 'address');
  if (id && address) badRequest('Must specify only one of ?id or ?address');
  if (id) return { id };
  if (address) return { address };
  return badRequest(
    "Must specify either ?id with the server's ID or ?address with IP:port of peer to remove",
  );
}

const removePeer: Handler = async (call, { cluster }) => {
  await cluster.removeServer(selectorOf(call));
  return EMPTY;
};

const transferLeader: Handler = async (call, { cluster }) => {
  await cluster.transferLeader(first(call.query, 'id') || undefined);
  return json({ Success: true });
};

const autopilotSettings: Handler = (_call, parts) => {
  return json(autopilotDocument(parts.state.view.settings.get(AUTOPILOT_SETTING)));
};

function casOf(call: Call): number | undefined {
  const cas = first(call.query, 'cas');
  if (cas === undefined) return undefined;
  if (!isUint64(cas)) badRequest(`Error parsing cas value: ${explainNumber('ParseUint', cas)}`);
  return rowIndexOf(Number(cas));
}

/** The body as a fact, refused with the words of this route. */
function settingsOf(call: Call): string {
  try {
    return autopilotValue(parseBody(call.body));
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    return badRequest(
      `Error parsing autopilot config: ${cause.message.replace(/^Request decode failed: /, '')}`,
    );
  }
}

const writeAutopilotSettings: Handler = async (call, parts) => {
  const ifIndex = casOf(call);
  const fact = { kind: 'setting', name: AUTOPILOT_SETTING, value: settingsOf(call) } as const;
  const { result } = await parts.writer.submit(ifIndex === undefined ? fact : { ...fact, ifIndex });
  return json(result);
};

const autopilotHealth: Handler = async (_call, { cluster }) => {
  const health = await cluster.health();
  return { ...json(healthDocument(health)), status: health.isHealthy ? 200 : UNHEALTHY };
};

const autopilotState: Handler = async (_call, { cluster }) => json(stateDocument(await cluster.health()));

const usage: Handler = (_call, parts) => json(usageDocument(parts));

/** Keys of encrypted gossip: parameters are read as Consul reads them, but there is no gossip and no ring. */
const keyring: Handler = (call, { config }) => {
  const relayFactor = first(call.query, 'relay-factor') ?? '';
  if (!/^\d*$/.test(relayFactor))
    badRequest(`Error parsing relay factor: ${explainNumber('ParseUint', relayFactor)}`);
  if (Number(relayFactor) > MAX_RELAY_FACTOR)
    badRequest('Invalid relay-factor: Relay factor must be in range: [0, 5]');
  const localOnly = first(call.query, 'local-only') ?? '';
  if (has(call.query, 'local-only') && localOnly !== '' && parseBoolean(localOnly) === undefined)
    badRequest(`Error parsing local-only: ${explainBoolean(localOnly)}`);
  if (config.hasSecret)
    refuse(
      'unsupported',
      'There is no keyring: agents know each other by one secret, which changes with encrypt in their configuration and a restart',
    );
  return refuse('invalid_command', 'Keyring is empty (encryption not enabled)');
};

const keyringOperation = (level: 'read' | 'write'): Operation => ({
  about: 'Keys of encrypted gossip; there are none.',
  place: LEADER,
  permission: onAll('keyring', level),
  handle: keyring,
});
const CHANGE_KEYS = keyringOperation('write');

/** What operators may look at; what only the leader knows has the place LEADER. */
const reading = (about: string, handle: Handler, place = CATALOG_READ): Operation => ({
  about,
  place,
  permission: onAll('operator', 'read'),
  handle,
});
const WRITE = onAll('operator', 'write');

export const operatorRoutes: readonly Route[] = [
  {
    path: '/v1/operator/raft/configuration',
    operations: { GET: reading('The servers of the cluster.', raftConfiguration) },
  },
  {
    path: '/v1/operator/raft/peer',
    operations: {
      DELETE: {
        about: 'Take a server out of the cluster for good.',
        place: LEADER,
        permission: WRITE,
        query: [
          { name: 'id', about: 'The server with this node id.' },
          { name: 'address', about: 'The server with this `IP:port`.' },
        ],
        handle: removePeer,
      },
    },
  },
  {
    path: '/v1/operator/raft/transfer-leader',
    operations: {
      POST: {
        about: 'Have another server lead.',
        place: LEADER,
        permission: WRITE,
        query: [{ name: 'id', about: 'The server with this node id; otherwise any that is well.' }],
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
    operations: {
      GET: reading('Health of the servers; 429 unless all are healthy.', autopilotHealth, LEADER),
    },
  },
  {
    path: '/v1/operator/autopilot/state',
    operations: { GET: reading('Health and roles of the servers.', autopilotState, LEADER) },
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
