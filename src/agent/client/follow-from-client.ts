/**
 * Alias checks of a client agent, as Consul's: what is registered with this agent is followed here, whatever becomes of the
 * servers; of other nodes, and of this one when it is named, the catalog is asked, and while nobody can be asked such a check
 * is critical.
 */
import { nodeTopic } from '../../catalog/topics.ts';
import type { Watch } from '../../catalog/watch.ts';
import type { Follow, ProbeResult } from '../../checks/check.ts';
import { type AliasTarget, aliasResult } from '../../checks/kinds/alias-probe.ts';
import { LOCAL_CHECKS_TOPIC, LOCAL_SERVICES_TOPIC } from '../../local/agent-rules.ts';
import type { Local } from '../../local/local.ts';
import { targetOf } from '../follow-alias.ts';

/** A look without a change at what is registered here; nothing depends on it. */
const LOOK_AGAIN_MS = 60_000;
/** Between two looks at what is elsewhere, which also tell whether a server is reached. */
const LOOK_FAR_MS = 1_000;
/** Time in ms without a server that is no failure: an agent moves from one to another. */
const MOVING_MS = 3_000;

/** In the words of Consul. */
const UNKNOWN: ProbeResult = {
  status: 'critical',
  output: 'Failure checking aliased node or service: No known Consul servers',
};

export interface FollowFromClientParts {
  readonly local: () => Pick<Local, 'services' | 'checks'>;
  readonly state: Parameters<typeof targetOf>[0];
  readonly watch: Watch;
  /** Resolves to whether the rows of a topic are here, and asks a server for them. Never rejects. */
  readonly fetch: (topic: string) => Promise<boolean>;
  /** Time in ms since a server was reached. */
  readonly silentMs: () => number;
}

type Spec = Parameters<Follow>[0];

/** A service that is registered here, with its checks and those of the node. */
function localTarget({ local }: FollowFromClientParts, serviceId: string): AliasTarget {
  const { services, checks } = { services: local().services(), checks: local().checks() };
  const relevant = [...checks.values()].filter(
    ({ definition }) => definition.serviceId === '' || definition.serviceId === serviceId,
  );
  return {
    isKnown: serviceId === '' || [...services.keys()].some((id) => id === serviceId),
    checks: relevant.map(({ definition: { id, name }, status, output }) => ({ id, name, status, output })),
  };
}

async function followFar(
  parts: FollowFromClientParts,
  [spec, own, onResult]: Parameters<Follow>,
  signal: AbortSignal,
): Promise<void> {
  const topic = nodeTopic(spec.node);
  while (!signal.aborted) {
    if (parts.silentMs() > MOVING_MS) onResult(UNKNOWN);
    else if ((await parts.fetch(topic)) && !signal.aborted)
      onResult(aliasResult(spec, own, targetOf(parts.state, spec.node, spec.serviceId)));
    // Otherwise what was said last stands: a server is just being looked for.
    if ((await parts.watch.wait([topic], LOOK_FAR_MS, signal)) === 'abandoned') return;
  }
}

async function followHere(
  parts: FollowFromClientParts,
  [spec, own, onResult]: Parameters<Follow>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    onResult(aliasResult(spec, own, localTarget(parts, spec.serviceId)));
    const topics = [LOCAL_CHECKS_TOPIC, LOCAL_SERVICES_TOPIC];
    if ((await parts.watch.wait(topics, LOOK_AGAIN_MS, signal)) === 'abandoned') return;
  }
}

/** The follower that the scheduler of a client agent uses for alias checks. */
export function followFromClient(parts: FollowFromClientParts): Follow {
  return (...asked) => {
    const stop = new AbortController();
    const [spec]: readonly [Spec, ...unknown[]] = asked;
    const follow = spec.node === '' ? followHere : followFar;
    follow(parts, asked, stop.signal).catch(() => {});
    return () => stop.abort();
  };
}
