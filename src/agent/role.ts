/**
 * What an agent has by its role, beside its rows: who keeps sessions, how current its copy of the catalog is, what runs.
 *
 * A role is made by who opens the catalog (server-role.ts, cluster/), and run-agent.ts puts everything else around it.
 */
import type { EventSpread } from '../cluster/event-spread.ts';
import type { HttpParts } from '../http/http-parts.ts';
import type { AppError } from '../model/errors.ts';
import type { Part } from './lifecycle.ts';

export interface Role extends Pick<HttpParts, 'cluster' | 'renewSession' | 'copy'> {
  /** Starts once what this agent keeps registered was taken up. */
  readonly part: Part;
  /** Resolves when the catalog was read, so that DNS may answer; undefined: it was read before anything started. */
  readonly loaded?: Promise<unknown>;
  /** Have `listener` called whenever the catalog can be written again after it could not; never for a catalog at home. */
  readonly onReachable?: (listener: () => void) => void;
  /** How user events reach other agents, and theirs this one; absent where there are none. */
  readonly events?: Pick<EventSpread, 'spread' | 'onEvent'>;
  /** Resolves when this agent cannot go on, with the line that it ends with. */
  readonly failed?: Promise<AppError>;
  /** Give up what a server has beside the rows of its node, before those are taken out. Rejects when it must not leave. */
  readonly leave?: () => Promise<void>;
}
