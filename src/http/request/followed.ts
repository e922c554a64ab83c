/**
 * What an agent that follows single services can answer from its own memory, see `followed` in route.ts.
 */
import { serviceTopic } from '../../catalog/topics.ts';
import type { Call } from '../call-and-reply.ts';

/** The topic of the service that the rest of the path names. */
export function followedService(call: Call): string | undefined {
  const name = call.params['*'];
  return name ? serviceTopic(name) : undefined;
}
