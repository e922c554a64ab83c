/**
 * Nodes without an agent, with their services and checks: what somebody registered in the catalog itself. Nodes with an agent
 * are left out, since the agent that is started there next registers what it has.
 */
import { CHECK_FIELDS, SERVICE_FIELDS } from '../../model/consul-records.ts';
import type { Client } from '../client.ts';
import { type Collection, contentOf, type Item, oneList, pick } from './collection.ts';

interface ServiceDocument {
  readonly ID: string;
}

interface CheckDocument {
  readonly CheckID: string;
  readonly ServiceID: string;
}

interface NodeDocument {
  readonly ID: string;
  readonly Node: string;
  readonly Address: string;
  readonly TaggedAddresses: object | null;
  readonly Meta: object | null;
  readonly Services: readonly ServiceDocument[] | null;
  readonly Checks: readonly CheckDocument[] | null;
}

/** The check that every agent's node has. */
const AGENT_CHECK = 'serfHealth';

const SERVICE_NAMES = [...SERVICE_FIELDS, 'Proxy', 'Connect'];

/** Fields that say something: a Consul refuses those that its version does not know. */
function given(document: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(pick(document, names)).filter(([, value]) => Boolean(value)));
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

/** What is registered of a node, in an order that both sides share. */
function registrationOf({ ID, Node, Address, TaggedAddresses, Meta, Services, Checks }: NodeDocument) {
  const services = (Services ?? []).toSorted((a, b) => byText(a.ID, b.ID));
  const checks = (Checks ?? []).toSorted((a, b) => byText(a.CheckID, b.CheckID));
  return {
    node: { ID, Node, Address, TaggedAddresses, NodeMeta: Meta },
    services: services.map((service) => given(service, SERVICE_NAMES)),
    checks: checks.map((check) => given(check, CHECK_FIELDS)),
  };
}

const itemOf = (document: NodeDocument): Item => ({ content: contentOf(registrationOf(document)), document });
const documentOf = ({ document }: Item): NodeDocument => document as NodeDocument;

const hasAgent = ({ Checks }: NodeDocument): boolean =>
  (Checks ?? []).some(({ CheckID }) => CheckID === AGENT_CHECK);

/** Take out what a node has there and not here. */
async function removeSurplus(target: Client, wanted: NodeDocument, existing: NodeDocument): Promise<void> {
  const services = new Set((wanted.Services ?? []).map(({ ID }) => ID));
  const checks = new Set((wanted.Checks ?? []).map(({ CheckID }) => CheckID));
  const gone = [
    ...(existing.Services ?? []).filter(({ ID }) => !services.has(ID)).map(({ ID }) => ({ ServiceID: ID })),
    ...(existing.Checks ?? [])
      .filter(({ CheckID }) => !checks.has(CheckID))
      .map(({ CheckID }) => ({ CheckID })),
  ];
  for (const what of gone)
    await target.ok('PUT', '/v1/catalog/deregister', {
      body: JSON.stringify({ Node: wanted.Node, ...what }),
    });
}

export const nodeCollection: Collection = {
  name: 'nodes without an agent',
  parts: oneList,
  list: async (side) => {
    const documents = await side.get<readonly NodeDocument[]>('/v1/internal/ui/nodes');
    return new Map(documents.map((document) => [document.Node, itemOf(document)]));
  },
  leftOut: (item) =>
    hasAgent(documentOf(item)) ? 'nodes with an agent: start rollcall there under the same name' : undefined,
  put: async (target, item, existing) => {
    const { node, services, checks } = registrationOf(documentOf(item));
    const register = (what: object): Promise<unknown> =>
      target.ok('PUT', '/v1/catalog/register', { body: JSON.stringify({ ...node, ...what }) });
    await register({});
    for (const service of services) await register({ SkipNodeUpdate: true, Service: service });
    if (checks.length > 0) await register({ SkipNodeUpdate: true, Checks: checks });
    if (existing !== undefined) await removeSurplus(target, documentOf(item), documentOf(existing));
  },
  remove: async (target, item) => {
    const { Node } = documentOf(item);
    await target.ok('PUT', '/v1/catalog/deregister', { body: JSON.stringify({ Node }) });
  },
};
