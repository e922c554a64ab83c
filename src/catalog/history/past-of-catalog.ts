/**
 * The past of the instances of a service, or of a node and what is on it: rows of the present and notes, put together.
 */
import type { HistoryNote } from '../../model/history-types.ts';
import type { CheckRow, NodeRow, ServiceRow } from '../../model/types.ts';
import { checksOfNode, servicesOfNode } from '../read.ts';
import { nodeKey, serviceNameKey, type View } from '../tables.ts';
import { isMark } from './describe-row.ts';
import { healthOverTime, type Past, type PresentInstance } from './health-over-time.ts';
import { ABOUT_NODES_THEMSELVES, aboutNode, aboutService } from './history-page.ts';
import { type NotesWanted, notesSince } from './notes-since.ts';

/** What is asked for: one of the two. */
export type PastOf = { readonly service: string } | { readonly node: string };

export interface CatalogPast {
  readonly fromMs: number;
  readonly nowMs: number;
  /** The node itself stands among its instances under the id ''. */
  readonly pasts: readonly Past[];
}

/** Kinds of notes that health follows from. */
const KINDS: ReadonlySet<string> = new Set(['node', 'service', 'check', 'maintenance', 'member']);

const presentOf = (
  row: Pick<ServiceRow, 'node' | 'name' | 'id'> | NodeRow,
  checks: readonly CheckRow[],
): PresentInstance => {
  const [node, id] = 'node' in row ? [row.node, row.id] : [row.name, ''];
  const own = checks.filter(({ serviceId }) => serviceId === id);
  return {
    node,
    id,
    service: id === '' ? '' : row.name,
    checks: new Map(own.map((check) => [check.id, isMark(check) ? 'maintenance' : check.status])),
  };
};

/** A node and what is on it. */
function onNode(view: View, name: string): readonly PresentInstance[] {
  const row = view.nodes.get(nodeKey(name));
  if (row === undefined) return [];
  const checks = checksOfNode(view, name);
  return [presentOf(row, checks), ...servicesOfNode(view, name).map((service) => presentOf(service, checks))];
}

/** The instances of a service, and the nodes that they are on. */
function ofService(view: View, name: string): readonly PresentInstance[] {
  const byNode = Map.groupBy(view.services.by('name', serviceNameKey(name)), ({ node }) => nodeKey(node));
  return [...byNode].flatMap(([key, services]) => {
    const node = view.nodes.get(key);
    if (node === undefined) return [];
    const checks = [...view.checks.by('node', key)];
    return [presentOf(node, checks), ...services.map((service) => presentOf(service, checks))];
  });
}

function wantedOfNode(name: string, fromMs: number): NotesWanted {
  const [word, key] = [aboutNode(name), nodeKey(name)];
  return {
    fromMs,
    mayHold: ({ about }) => about.includes(word),
    isWanted: ({ kind, node }) => KINDS.has(kind) && node !== undefined && nodeKey(node) === key,
  };
}

function wantedOfService(name: string, fromMs: number): NotesWanted {
  const [word, key] = [aboutService(name), serviceNameKey(name)];
  return {
    fromMs,
    mayHold: ({ about }) => about.includes(word) || about.includes(ABOUT_NODES_THEMSELVES),
    isWanted: ({ kind, node, service, serviceId }) => {
      if (!KINDS.has(kind) || node === undefined) return false;
      // What is about a node may be about one that is gone; which ones mattered is known when all notes are read.
      return serviceId === undefined || (service !== undefined && serviceNameKey(service) === key);
    },
  };
}

/** Without notes about nodes that nothing of what is asked for was on. */
function ofTheirNodes(
  present: readonly PresentInstance[],
  notes: readonly HistoryNote[],
): readonly HistoryNote[] {
  const nodes = new Set(present.map(({ node }) => nodeKey(node)));
  for (const { node, serviceId } of notes) if (serviceId !== undefined) nodes.add(nodeKey(node ?? ''));
  return notes.filter(({ node }) => nodes.has(nodeKey(node ?? '')));
}

/** How they were from `sinceMs` on, or from where on enough is remembered. */
export function pastOfCatalog(view: View, asked: PastOf, sinceMs: number, nowMs: number): CatalogPast {
  const isNode = 'node' in asked;
  const present = isNode ? onNode(view, asked.node) : ofService(view, asked.service);
  const wanted = isNode ? wantedOfNode(asked.node, sinceMs) : wantedOfService(asked.service, sinceMs);
  const { notes, knownFromMs } = notesSince(view, wanted, nowMs);
  const within = notes.filter(({ atMs }) => atMs >= knownFromMs);
  const pasts = healthOverTime(present, isNode ? within : ofTheirNodes(present, within), {
    fromMs: knownFromMs,
    nowMs,
  });
  return { fromMs: knownFromMs, nowMs, pasts: isNode ? pasts : pasts.filter(({ id }) => id !== '') };
}
