/**
 * What an agent has by its role, beside its rows: who keeps sessions, how current its copy of the catalog is, what runs.
 *
 * A role is made by who opens the catalog (server-role.ts, cluster/), and run-agent.ts puts everything else around it.
 */

import type { Follow } from '../checks/check.ts';
import type { AgentRights } from '../cluster/agent-rights.ts';
import type { EventSpread } from '../cluster/event-spread.ts';
import type { AnswerPacket } from '../dns/answer-packets.ts';
import type { DnsParts } from '../dns/dns-server.ts';
import type { HttpParts } from '../http/http-parts.ts';
import type { Local } from '../local/local.ts';
import type { AppError } from '../model/errors.ts';
import type { AnswerFarQuery } from './far-queries.ts';
import type { LocalHttp } from './forwarded-http.ts';
import type { Part } from './lifecycle.ts';
import type { TermWork } from './term.ts';

/** What a server gives up beside the rows of its node when it leaves. */
export interface Leave {
  /** Before the rows are taken out. Rejects when it must not leave; nothing is changed then. */
  prepare(): Promise<void>;
  /** After they were taken out. */
  finish(): Promise<void>;
}

/** What of the rest of the agent a role may want. */
export interface RoleTools {
  readonly http: LocalHttp;
  /** The responder of DNS, for packets that other agents pass on. */
  readonly makeAnswerPacket: () => Promise<AnswerPacket>;
  /** What client agents may do; undefined where there is no access control. */
  readonly agentRights: AgentRights | undefined;
  /** Answers prepared queries that come from other datacenters. */
  readonly answerFarQuery: AnswerFarQuery;
}

export interface Role
  extends Pick<
    HttpParts,
    | 'cluster'
    | 'membership'
    | 'datacenters'
    | 'elsewhere'
    | 'network'
    | 'otherDatacenters'
    | 'renewSession'
    | 'copy'
  > {
  /** Where DNS names are answered whose rows are not here; absent where all are. */
  readonly dns?: Pick<DnsParts, 'elsewhere' | 'onRecalled'>;
  /** Told once of the rest of the agent, before anything starts. */
  readonly attach?: (tools: RoleTools) => void;
  /** Take the node out of the catalog; where it is absent a command does. */
  readonly takeOut?: () => Promise<void>;
  /** Starts once what this agent keeps registered was taken up. */
  readonly part: Part;
  /** Resolves when the catalog was read, so that DNS may answer; undefined: it was read before anything started. */
  readonly loaded?: Promise<unknown>;
  /** Have `listener` called whenever the catalog can be written again after it could not; never for a catalog at home. */
  readonly onReachable?: (listener: () => void) => void;
  /** Follows alias checks otherwise than by the rows of this agent, which may be a part of the catalog. */
  readonly followAlias?: (local: () => Pick<Local, 'services' | 'checks'>) => Follow;
  /** How user events reach other agents, and theirs this one; absent where there are none. */
  readonly events?: Pick<EventSpread, 'spread' | 'onEvent'>;
  /** Resolves when this agent cannot go on, with the line that it ends with. */
  readonly failed?: Promise<AppError>;
  readonly leave?: Leave;
}

/** What a server without others has, before it is said what else runs. */
export interface AloneRole extends Omit<Role, 'part' | 'membership' | 'datacenters'> {
  /** What whoever leads does. */
  readonly works: readonly TermWork[];
}
