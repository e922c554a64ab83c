/**
 * The catalog as a client agent keeps its own node in it: written through the server that it is connected to, read from
 * what it follows, and compared again when somebody else has written there.
 */
import { nodeKey } from '../../catalog/tables.ts';
import { nodeTopic, topicsOf } from '../../catalog/topics.ts';
import { noServers } from '../../cluster/server-link.ts';
import type { Clock } from '../../lib/clock.ts';
import { type CatalogPort, farFailure, type NodeRows } from '../../local/catalog-port.ts';
import type { CallEnd } from '../../rpc/rpc-connection.ts';
import type { Core } from '../core.ts';
import type { Servers } from './servers.ts';

/** Time in ms that a registration waits for the catalog to have it; after that it is sent later. */
export const SUBMIT_MS = 2_000;
/** Time in ms after which changed rows of the own node are compared. Turning it down compares more often. */
const COMPARE_MS = 2_000;

/** The value of an answer. Throws what the server refused with, or no_leader where nobody was reached. */
export function answerOf(end: CallEnd): unknown {
  if (end.kind === 'answered') return end.value;
  if (end.kind === 'refused') throw farFailure(end.error);
  // Also when it may have been carried out: it is compared and sent again, and twice has the same effect as once.
  throw noServers();
}

/** The catalog of the servers, as local/ knows it. */
export function catalogOfServers({
  link,
  marks,
  mirror,
}: Pick<Servers, 'link' | 'marks' | 'mirror'>): CatalogPort {
  const { view } = mirror.state;
  return {
    submit: async (command) => {
      const end = await link.call('command', { command }, { timeoutMs: SUBMIT_MS });
      const { index } = answerOf(end) as { readonly index: number };
      await marks.reached(index, SUBMIT_MS);
    },
    rowsOfNode: async (name) => {
      // The own node is always followed, and what is here is current while a server is connected.
      if (link.isUp && mirror.has(nodeTopic(name)))
        return {
          node: view.nodes.get(nodeKey(name)),
          services: [...view.services.by('node', nodeKey(name))],
          checks: [...view.checks.by('node', nodeKey(name))],
        };
      const { node, services, checks } = answerOf(
        await link.call('own-rows', {}, { timeoutMs: SUBMIT_MS }),
      ) as NodeRows;
      return { node: node ?? undefined, services, checks };
    },
  };
}

export interface OwnRowsParts extends Pick<Core, 'onInstalled' | 'state'> {
  readonly nodeName: string;
  readonly clock: Clock;
}

/**
 * Compares the rows of this agent's node soon after they changed, because others may have written them. The agent's own
 * writes have the same effect, one comparison for many.
 */
export function onOwnRowsChanged(
  { onInstalled, state, nodeName, clock }: OwnRowsParts,
  compare: () => void,
): void {
  const own = nodeTopic(nodeName);
  let isDue = false;
  onInstalled((applied) => {
    if (isDue || !topicsOf(applied, state.view).has(own)) return;
    isDue = true;
    clock.after(COMPARE_MS, () => {
      isDue = false;
      compare();
    });
  });
}
