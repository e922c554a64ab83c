/**
 * Lets alias checks follow the catalog: they look again when what they follow changes, and at no other time.
 */
import type { State } from '../catalog/state.ts';
import { nodeKey, serviceKey } from '../catalog/tables.ts';
import { nodeTopic, serviceTopic } from '../catalog/topics.ts';
import type { Watch } from '../catalog/watch.ts';
import type { Follow } from '../checks/check.ts';
import { type AliasTarget, aliasResult } from '../checks/kinds/alias-probe.ts';
import type { CheckRow } from '../model/types.ts';

/** A look without a change; nothing depends on it. */
const LOOK_AGAIN_MS = 60_000;

interface FollowParts {
  readonly state: Pick<State, 'view'>;
  readonly watch: Watch;
  /** Where aliases without a node point to. */
  readonly nodeName: string;
}

/** What the catalog has of a service and its checks with those of its node, or of the node alone. */
export function targetOf({ view }: Pick<State, 'view'>, node: string, serviceId: string): AliasTarget {
  const key = serviceKey(node, serviceId);
  const ofNode = view.checks.by('nodeItself', nodeKey(node));
  const ofService: Iterable<CheckRow> = serviceId === '' ? [] : view.checks.by('service', key);
  return {
    checks: [...ofService, ...ofNode],
    isKnown:
      serviceId === '' ? view.nodes.get(nodeKey(node)) !== undefined : view.services.get(key) !== undefined,
  };
}

/** What to wait for and what is there. */
function look(
  { state }: FollowParts,
  node: string,
  serviceId: string,
): { topic: string; target: AliasTarget } {
  const service = state.view.services.get(serviceKey(node, serviceId));
  return {
    topic: service ? serviceTopic(service.name) : nodeTopic(node),
    target: targetOf(state, node, serviceId),
  };
}

/** The follower that the scheduler uses for alias checks. */
export function followAlias(parts: FollowParts): Follow {
  return (spec, own, onResult) => {
    const stop = new AbortController();
    const node = spec.node || parts.nodeName;
    const follow = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        const { topic, target } = look(parts, node, spec.serviceId);
        onResult(aliasResult(spec, own, target));
        if ((await parts.watch.wait([topic], LOOK_AGAIN_MS, stop.signal)) === 'abandoned') return;
      }
    };
    follow().catch(() => {});
    return () => stop.abort();
  };
}
