/**
 * `rollcall catalog services`: the names of services, of all nodes or of one.
 */
import type { Command, CommandInput } from '../command-spec.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';
import { renderTable } from '../render.ts';

type TagsByService = Readonly<Record<string, readonly string[]>>;

interface NodeServices {
  readonly Services: Readonly<Record<string, { readonly Service: string; readonly Tags: readonly string[] }>>;
}

function tagsOfNode(found: NodeServices | null): TagsByService {
  const tags = new Map<string, Set<string>>();
  for (const { Service, Tags } of Object.values(found?.Services ?? {}))
    tags.set(Service, new Set([...(tags.get(Service) ?? []), ...Tags]));
  return Object.fromEntries([...tags].map(([name, set]) => [name, [...set]]));
}

async function run({ flags, io, client }: CommandInput): Promise<number> {
  const node = flags.text('node');
  const query = { 'node-meta': flags.list('node-meta').map((pair) => pair.replace('=', ':')) };
  const services =
    node === undefined
      ? await client().get<TagsByService>('/v1/catalog/services', query)
      : tagsOfNode(
          await client().get<NodeServices | null>(`/v1/catalog/node/${encodeURIComponent(node)}`, query),
        );
  const names = Object.keys(services).sort();
  if (wantsJson(flags)) io.out(JSON.stringify(services, null, 2));
  else if (names.length === 0) io.err('No services match the given query - try expanding your search.');
  else if (!flags.isOn('tags')) io.out(names.join('\n'));
  else io.out(renderTable(names.map((name) => [name, [...(services[name] ?? [])].sort().join(',')])));
  return 0;
}

export const command: Command = {
  summary: 'List services',
  flags: [
    { name: 'node', value: 'NODE', doc: 'Only services of this node.' },
    {
      name: 'node-meta',
      value: 'KEY=VALUE',
      doc: 'Only services of nodes with this metadata; may be repeated.',
    },
    { name: 'tags', doc: 'Show the tags of each service.' },
    FORMAT_FLAG,
  ],
  isClient: true,
  refusedAs: 'Error listing services',
  examples: ['rollcall catalog services -tags', 'rollcall catalog services -node=n1'],
  run,
};
