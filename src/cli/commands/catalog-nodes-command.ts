/**
 * `rollcall catalog nodes`: the nodes of the catalog, or those that provide a service.
 */
import type { Command, CommandInput } from '../command-spec.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';
import { renderMap, renderTable } from '../render.ts';

interface CatalogNode {
  readonly ID: string;
  readonly Node: string;
  readonly Address: string;
  readonly Datacenter: string;
  readonly TaggedAddresses: Readonly<Record<string, string>> | null;
  readonly Meta?: Readonly<Record<string, string>> | null;
  readonly NodeMeta?: Readonly<Record<string, string>> | null;
}

function distinct(nodes: readonly CatalogNode[]): readonly CatalogNode[] {
  return [...new Map(nodes.map((node) => [node.Node, node])).values()];
}

function table(nodes: readonly CatalogNode[], isDetailed: boolean): string {
  if (!isDetailed) {
    const rows = nodes.map(({ Node, ID, Address, Datacenter }) => [
      Node,
      ID.split('-')[0] ?? '',
      Address,
      Datacenter,
    ]);
    return renderTable([['Node', 'ID', 'Address', 'DC'], ...rows]);
  }
  const rows = nodes.map((node) => [
    node.Node,
    node.ID,
    node.Address,
    node.Datacenter,
    renderMap(node.TaggedAddresses),
    renderMap(node.Meta ?? node.NodeMeta),
  ]);
  return renderTable([['Node', 'ID', 'Address', 'DC', 'TaggedAddresses', 'Meta'], ...rows]);
}

async function run({ flags, io, client }: CommandInput): Promise<number> {
  const service = flags.text('service');
  const path =
    service === undefined ? '/v1/catalog/nodes' : `/v1/catalog/service/${encodeURIComponent(service)}`;
  const nodes = distinct(
    await client().get<readonly CatalogNode[]>(path, {
      near: flags.text('near'),
      filter: flags.text('filter'),
      'node-meta': flags.list('node-meta').map((pair) => pair.replace('=', ':')),
    }),
  );
  const isOrdered = flags.text('near') !== undefined;
  const shown = isOrdered ? nodes : nodes.toSorted((a, b) => (a.Node < b.Node ? -1 : 1));
  if (wantsJson(flags)) io.out(JSON.stringify(shown, null, 2));
  else if (shown.length === 0) io.err('No nodes match the given query - try expanding your search.');
  else io.out(table(shown, flags.isOn('detailed')));
  return 0;
}

export const command: Command = {
  summary: 'List nodes, or those that provide a service',
  flags: [
    { name: 'detailed', doc: 'Show addresses and metadata too.' },
    { name: 'near', value: 'NODE', doc: 'Order by distance from this node; _agent is that of the agent.' },
    { name: 'node-meta', value: 'KEY=VALUE', doc: 'Only nodes with this metadata; may be repeated.' },
    { name: 'service', value: 'NAME', doc: 'Only nodes that provide this service.' },
    { name: 'filter', value: 'EXPRESSION', doc: 'Only nodes for which the expression holds.' },
    FORMAT_FLAG,
  ],
  isClient: true,
  refusedAs: ({ flags }) =>
    flags.text('service') === undefined ? 'Error listing nodes' : 'Error listing nodes for service',
  examples: ['rollcall catalog nodes -detailed', 'rollcall catalog nodes -service=web'],
  run,
};
