/**
 * What operations answer when they have done what was asked, by method and path. Whoever adds an operation adds a row; a test
 * asks for it, and all tests of the API hold the answers that they get against it.
 */
import type { Schema } from '../../decode/json-fields.ts';
import { FLAG, INTEGER, listOf, mapOf, object, oneOf, orNull, ref, TEXT } from './schema-words.ts';

/** JSON of this schema, or octets of this type; null for an answer without a body. */
type Answer = { readonly json: Schema } | { readonly type: string } | null;

const json = (schema: Schema): Answer => ({ json: schema });
const PLAIN: Answer = { type: 'text/plain' };
const EVENTS: Answer = { type: 'text/event-stream' };
const OCTETS: Answer = { type: 'application/octet-stream' };
const NOTHING: Answer = null;
const DONE = json(FLAG);
const documents = (name: string): Answer => json(listOf(ref(name)));
const document = (name: string): Answer => json(ref(name));

const CATALOG: Readonly<Record<string, Answer>> = {
  'PUT /v1/catalog/register': DONE,
  'PUT /v1/catalog/deregister': DONE,
  'GET /v1/catalog/datacenters': json(listOf(TEXT)),
  'GET /v1/catalog/nodes': documents('Node'),
  'GET /v1/catalog/services': json(mapOf(listOf(TEXT))),
  'GET /v1/catalog/service/*': documents('CatalogService'),
  'GET /v1/catalog/connect/*': documents('CatalogService'),
  'GET /v1/catalog/node/*': json(orNull(ref('NodeWithServices'))),
  'GET /v1/catalog/node-services/*': document('NodeWithServiceList'),
  'GET /v1/catalog/gateway-services/*': json(orNull(listOf({}))),
  'GET /v1/health/service/*': documents('ServiceEntry'),
  'GET /v1/health/connect/*': documents('ServiceEntry'),
  'GET /v1/health/ingress/*': documents('ServiceEntry'),
  'GET /v1/health/node/*': documents('Check'),
  'GET /v1/health/checks/*': documents('Check'),
  'GET /v1/health/state/*': documents('Check'),
  'GET /v1/coordinate/datacenters': documents('DatacenterCoordinates'),
  'GET /v1/coordinate/nodes': documents('NodeCoordinate'),
  'GET /v1/coordinate/node/*': documents('NodeCoordinate'),
  'PUT /v1/coordinate/update': NOTHING,
};

const STORED: Readonly<Record<string, Answer>> = {
  'GET /v1/kv/*': document('KeyPairsOrKeys'),
  'PUT /v1/kv/*': DONE,
  'DELETE /v1/kv/*': DONE,
  'PUT /v1/txn': document('TransactionResult'),
  'PUT /v1/session/create': document('Id'),
  'PUT /v1/session/destroy/*': DONE,
  'PUT /v1/session/renew/*': documents('Session'),
  'GET /v1/session/info/*': documents('Session'),
  'GET /v1/session/node/*': documents('Session'),
  'GET /v1/session/list': documents('Session'),
  'PUT /v1/event/fire/*': document('Event'),
  'GET /v1/event/list': documents('Event'),
  'GET /v1/query': documents('PreparedQuery'),
  'POST /v1/query': document('Id'),
  'GET /v1/query/*': json(oneOf(listOf(ref('PreparedQuery')), ref('QueryResult'), ref('QueryExplanation'))),
  'PUT /v1/query/*': NOTHING,
  'DELETE /v1/query/*': NOTHING,
  'GET /v1/snapshot': OCTETS,
  'PUT /v1/snapshot': NOTHING,
  'GET /v1/history': documents('HistoryEntry'),
  'GET /v1/history/health': document('HealthHistory'),
  'GET /v1/stream': EVENTS,
};

const AGENT: Readonly<Record<string, Answer>> = {
  'GET /v1/agent/self': document('AgentSelf'),
  'GET /v1/agent/host': document('Host'),
  'GET /v1/agent/version': document('Version'),
  'GET /v1/agent/members': documents('Member'),
  'GET /v1/agent/metrics': document('Metrics'),
  'GET /v1/agent/monitor': PLAIN,
  'GET /v1/agent/profile': json({ type: 'object' }),
  'PUT /v1/agent/join/*': NOTHING,
  'PUT /v1/agent/leave': NOTHING,
  'PUT /v1/agent/force-leave/*': NOTHING,
  'PUT /v1/agent/reload': json({ type: 'object' }),
  'PUT /v1/agent/maintenance': NOTHING,
  'PUT /v1/agent/token/*': NOTHING,
  'GET /v1/agent/services': json(mapOf(ref('AgentService'))),
  'GET /v1/agent/service/*': document('AgentService'),
  'PUT /v1/agent/service/register': NOTHING,
  'PUT /v1/agent/service/deregister/*': NOTHING,
  'PUT /v1/agent/service/maintenance/*': NOTHING,
  'GET /v1/agent/health/service/id/*': document('ServiceHealth'),
  'GET /v1/agent/health/service/name/*': documents('ServiceHealth'),
  'GET /v1/agent/checks': json(mapOf(ref('Check'))),
  'GET /v1/agent/check/*': document('CheckHistory'),
  'PUT /v1/agent/check/*': document('CheckRun'),
  'PUT /v1/agent/check/test': document('CheckRun'),
  'PUT /v1/agent/check/register': NOTHING,
  'PUT /v1/agent/check/deregister/*': NOTHING,
  'PUT /v1/agent/check/update/*': NOTHING,
  'PUT /v1/agent/check/pass/*': NOTHING,
  'PUT /v1/agent/check/warn/*': NOTHING,
  'PUT /v1/agent/check/fail/*': NOTHING,
  'GET /v1/agent/drains': documents('Drain'),
  'GET /v1/dns/explain': document('DnsExplanation'),
  'GET /v1/dns/live': EVENTS,
  'GET /dns-query': { type: 'application/dns-message' },
  'POST /dns-query': { type: 'application/dns-message' },
  'GET /health/live': json(object({ Status: TEXT })),
  'GET /health/ready': json(object({ Status: TEXT, Index: INTEGER })),
  'GET /metrics': PLAIN,
  'GET /v1/openapi.json': json({ type: 'object' }),
};

/** What is not here is answered as by a Consul that has it switched off. */
const ABSENT: Readonly<Record<string, Answer>> = {
  'GET /v1/config/*': json(listOf({})),
  'GET /v1/peerings': json(listOf({})),
};

const SERVERS: Readonly<Record<string, Answer>> = {
  'GET /v1/status/leader': json(TEXT),
  'GET /v1/status/peers': json(listOf(TEXT)),
  'GET /v1/operator/raft/configuration': document('RaftConfiguration'),
  'DELETE /v1/operator/raft/peer': NOTHING,
  'POST /v1/operator/raft/transfer-leader': json(object({ Success: FLAG })),
  'GET /v1/operator/autopilot/configuration': document('AutopilotConfiguration'),
  'PUT /v1/operator/autopilot/configuration': DONE,
  'GET /v1/operator/autopilot/health': document('AutopilotHealth'),
  'GET /v1/operator/autopilot/state': document('AutopilotState'),
  'GET /v1/operator/usage': document('Usage'),
};

const POLICY_PREVIEW = {
  ID: TEXT,
  Name: TEXT,
  Description: TEXT,
  Rules: TEXT,
  Hash: TEXT,
  CreateIndex: INTEGER,
  ModifyIndex: INTEGER,
};

const ACCESS: Readonly<Record<string, Answer>> = {
  'PUT /v1/acl/bootstrap': document('BootstrapToken'),
  'GET /v1/acl/replication': json(
    object({
      Enabled: FLAG,
      Running: FLAG,
      SourceDatacenter: TEXT,
      ReplicationType: TEXT,
      ReplicatedIndex: INTEGER,
      ReplicatedRoleIndex: INTEGER,
      ReplicatedTokenIndex: INTEGER,
      LastSuccess: TEXT,
      LastError: TEXT,
    }),
  ),
  'POST /v1/acl/login': document('Token'),
  'POST /v1/acl/logout': DONE,
  'GET /v1/acl/tokens': documents('Token'),
  'PUT /v1/acl/token': document('Token'),
  'GET /v1/acl/token/self': document('Token'),
  'GET /v1/acl/token/*': json({ type: 'object' }),
  'PUT /v1/acl/token/*': document('Token'),
  'DELETE /v1/acl/token/*': DONE,
  'GET /v1/acl/policies': documents('PolicyEntry'),
  'PUT /v1/acl/policy': document('Policy'),
  'GET /v1/acl/policy/name/*': document('Policy'),
  'GET /v1/acl/policy/*': document('Policy'),
  'PUT /v1/acl/policy/*': document('Policy'),
  'DELETE /v1/acl/policy/*': DONE,
  'GET /v1/acl/roles': documents('Role'),
  'PUT /v1/acl/role': document('Role'),
  'GET /v1/acl/role/name/*': document('Role'),
  'GET /v1/acl/role/*': document('Role'),
  'PUT /v1/acl/role/*': document('Role'),
  'DELETE /v1/acl/role/*': DONE,
  'GET /v1/acl/auth-methods': documents('AuthMethodEntry'),
  'PUT /v1/acl/auth-method': document('AuthMethod'),
  'GET /v1/acl/auth-method/*': document('AuthMethod'),
  'PUT /v1/acl/auth-method/*': document('AuthMethod'),
  'DELETE /v1/acl/auth-method/*': DONE,
  'GET /v1/acl/binding-rules': documents('BindingRule'),
  'PUT /v1/acl/binding-rule': document('BindingRule'),
  'GET /v1/acl/binding-rule/*': document('BindingRule'),
  'PUT /v1/acl/binding-rule/*': document('BindingRule'),
  'DELETE /v1/acl/binding-rule/*': DONE,
  'POST /v1/acl/rules/translate': PLAIN,
  'GET /v1/acl/rules/translate/*': PLAIN,
  'GET /v1/acl/templated-policies': json(mapOf(ref('TemplatedPolicy'))),
  'GET /v1/acl/templated-policy/name/*': document('TemplatedPolicy'),
  'POST /v1/acl/templated-policy/preview/*': json(object({ ...POLICY_PREVIEW, About: TEXT })),
  'POST /v1/internal/acl/authorize': json(
    listOf(object({ Resource: TEXT, 'Segment?': TEXT, Access: TEXT, Allow: FLAG })),
  ),
  'POST /v1/internal/acl/explain': json(
    object({ AccessorID: TEXT, Description: TEXT, Decisions: listOf(ref('Decision')) }),
  ),
  'POST /v1/internal/acl/preview': json({ type: 'object' }),
  'GET /v1/internal/acl/who-may': documents('DecisionOfToken'),
};

const PAGE: Readonly<Record<string, Answer>> = {
  'GET /v1/internal/ui/services': documents('ServiceSummary'),
  'GET /v1/internal/ui/nodes': documents('NodeSummary'),
  'GET /v1/internal/ui/node/*': document('NodeSummary'),
  'GET /v1/internal/ui/health-map': documents('HealthMapRow'),
  'GET /v1/internal/ui/search': documents('Found'),
};

export const ANSWERS: Readonly<Record<string, Answer>> = {
  ...CATALOG,
  ...STORED,
  ...AGENT,
  ...SERVERS,
  ...ACCESS,
  ...PAGE,
  ...ABSENT,
};
