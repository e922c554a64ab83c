/**
 * User events of this agent, and those that other agents tell it of.
 */
import { EVENTS_TOPIC, type EventAudience, EventRing, type UserEvent } from '../catalog/event.ts';
import { systemClock } from '../lib/clock.ts';
import { systemRandom } from '../lib/random.ts';
import type { Local } from '../local/local.ts';
import type { Ground } from './ground.ts';
import type { Role } from './role.ts';

/** The events of an agent, kept as far as they are meant for it. */
export function buildEvents(
  { core, identity }: Ground,
  { events }: Pick<Role, 'events'>,
  local: Pick<Local, 'services'>,
): EventRing {
  const ring = new EventRing({
    random: systemRandom,
    nowMs: () => systemClock.now(),
    wake: () => core.watch.wake([EVENTS_TOPIC]),
    spread: (event: UserEvent) => events?.spread(event),
  });
  const audience = (): EventAudience => ({
    node: identity.nodeName,
    services: Array.from(local.services().values(), ({ definition }) => definition),
  });
  events?.onEvent((event) => ring.receive(event, audience()));
  return ring;
}
